/** The gateway's desk for work orders: requests that the provider's key signs. */
import { privateKeyToAccount } from 'viem/accounts';
import type { Hex } from '../../../domain/types.ts';
import { workOrderText, type WorkOrder, type WorkOrderRequest } from '../../../domain/work-order.ts';
import { PluginError } from '../../plugin/errors.ts';
import type { WorkOrderSettings } from './settings.ts';

export interface Desk {
  /** @throws PluginError NOT_READY, REFUSED */
  ask(request: Pick<WorkOrderRequest, 'action' | 'order' | 'terms'>): Promise<WorkOrder[]>;
}

const TIMEOUT_MS = 20_000;

export function openDesk(settings: WorkOrderSettings, key: Hex, pool: string): Desk {
  const account = privateKeyToAccount(key);
  const { gateway, provider, chainId, auction } = settings;
  return {
    async ask(part) {
      const request: WorkOrderRequest = { ...part, provider, pool, at: Math.floor(Date.now() / 1_000) };
      const signature = await account.signMessage({ message: workOrderText({ chainId, auction }, request) });
      let response: Response;
      let answer: { orders?: WorkOrder[]; code?: string; detail?: string };
      try {
        response = await fetch(`${gateway}/api/v1/work-orders`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ ...request, signature }),
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
        answer = (await response.json()) as typeof answer;
      } catch (error) {
        throw new PluginError(
          'NOT_READY',
          `The gateway does not answer at ${gateway}: ${(error as Error).message}.`,
        );
      }
      if (response.ok && answer.orders) return answer.orders;
      // A lease that the gateway's index does not have yet is not found, and will be.
      const later = response.status >= 500 || [404, 408, 429].includes(response.status);
      throw new PluginError(
        later ? 'NOT_READY' : 'REFUSED',
        answer.detail ?? `The gateway answered ${response.status}.`,
      );
    },
  };
}
