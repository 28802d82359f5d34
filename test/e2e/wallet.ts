import type { Page } from 'playwright-core';
import { createWalletClient, http, type TypedDataDefinition } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import type { Hex } from '../../domain/types.ts';

/** Account 8 of the demo mnemonic: the visitor. */
export const VISITOR_KEY: Hex = '0xdbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97';

export interface InjectedWallet {
  address: Hex;
  /** Methods that asked for a signature so far. */
  signed: string[];
}

/**
 * Injects a wallet that announces itself (EIP-6963) and signs for real with the key; the key stays in Node. Everything
 * that needs no signature goes to the chain as it is.
 */
export async function injectWallet(
  page: Page,
  options: { key: Hex; rpcUrl: string },
): Promise<InjectedWallet> {
  const account = privateKeyToAccount(options.key);
  const client = createWalletClient({ account, transport: http(options.rpcUrl) });
  const signed: string[] = [];
  let connected = false;

  const answer = async (method: string, params: unknown[]): Promise<unknown> => {
    switch (method) {
      case 'eth_accounts':
        return connected ? [account.address] : [];
      case 'eth_requestAccounts':
        connected = true;
        return [account.address];
      case 'wallet_requestPermissions':
        connected = true;
        return [{ parentCapability: 'eth_accounts' }];
      case 'wallet_getPermissions':
        return [{ parentCapability: 'eth_accounts' }];
      case 'wallet_switchEthereumChain':
      case 'wallet_addEthereumChain':
        return null;
      case 'eth_signTypedData_v4': {
        signed.push(method);
        return account.signTypedData(JSON.parse(String(params[1])) as TypedDataDefinition);
      }
      case 'personal_sign': {
        signed.push(method);
        return account.signMessage({ message: { raw: params[0] as Hex } });
      }
      case 'eth_sendTransaction': {
        signed.push(method);
        const { to, data, gas, value } = params[0] as { to: Hex; data: Hex; gas: Hex; value?: Hex };
        return client.sendTransaction({ chain: null, to, data, gas: BigInt(gas), value: BigInt(value ?? 0) });
      }
      default:
        return client.request({ method, params } as never);
    }
  };

  await page.exposeFunction('cardhourTestWallet', async (text: string): Promise<string> => {
    const { method, params } = JSON.parse(text) as { method: string; params?: unknown[] };
    try {
      return JSON.stringify({ result: await answer(method, params ?? []) });
    } catch (error) {
      const { code, message, data } = error as { code?: number; message?: string; data?: unknown };
      return JSON.stringify({ error: { code: code ?? -32603, message: message ?? 'failed', data } });
    }
  });
  await page.addInitScript(announce);
  return { address: account.address.toLowerCase() as Hex, signed };
}

/** Runs in the page. */
function announce(): void {
  const bridge = (window as unknown as { cardhourTestWallet(text: string): Promise<string> })
    .cardhourTestWallet;
  const provider = {
    async request(call: { method: string; params?: unknown[] }): Promise<unknown> {
      const { result, error } = JSON.parse(await bridge(JSON.stringify(call))) as {
        result?: unknown;
        error?: { code: number; message: string; data?: unknown };
      };
      if (error !== undefined) throw Object.assign(new Error(error.message), error);
      return result;
    },
    on(): void {},
    removeListener(): void {},
  };
  const info = {
    uuid: 'a2b6a1d4-2f4b-4b7e-9a54-3a0c6f7f3c11',
    name: 'Test Wallet',
    icon: 'data:image/svg+xml,%3Csvg xmlns="http://www.w3.org/2000/svg"/%3E',
    rdns: 'test.cardhour.wallet',
  };
  const tell = (): void => {
    window.dispatchEvent(
      new CustomEvent('eip6963:announceProvider', {
        detail: Object.freeze({ info, provider: Object.freeze(provider) }),
      }),
    );
  };
  window.addEventListener('eip6963:requestProvider', tell);
  tell();
}
