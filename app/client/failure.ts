import { BaseError, ContractFunctionRevertedError, UserRejectedRequestError } from 'viem';
import { formatMoney } from '../../domain/units.ts';
import { ApiError } from './api.ts';

/** What went wrong and what to do, one sentence each. */
export interface Failure {
  sentence: string;
  fix: string;
}

const units = (value: unknown): string => (typeof value === 'bigint' ? formatMoney(value) : String(value));

/** Errors of the contracts, by name, from what they saw. */
const REVERTS: Record<string, (args: readonly unknown[]) => Failure> = {
  InsufficientAvailable: ([, available, needed]) => ({
    sentence: `Your available balance is ${units(available)}; ${units(needed)} is needed.`,
    fix: 'Deposit the difference first.',
  }),
  InsufficientBidding: ([, bidding, needed]) => ({
    sentence: `Your bidding balance is ${units(bidding)}; ${units(needed)} is needed.`,
    fix: 'Move money into bidding first.',
  }),
  ERC20InsufficientBalance: ([, balance, needed]) => ({
    sentence: `Your wallet holds ${units(balance)}; ${units(needed)} is needed.`,
    fix: 'Get more of the token, or enter less.',
  }),
  QuantityUnavailable: ([left, wanted]) => ({
    sentence: `${String(left)} cards are left of this offer; you want ${String(wanted)}.`,
    fix: 'Take fewer cards, or another offer.',
  }),
  Expired: () => ({ sentence: 'The offer has expired.', fix: 'Choose another offer.' }),
  NonceUsed: () => ({ sentence: 'The offer was cancelled.', fix: 'Choose another offer.' }),
  NodeMismatch: () => ({ sentence: 'The node behind this offer has changed.', fix: 'Choose another offer.' }),
  ProviderNotSelling: () => ({ sentence: 'The provider no longer sells.', fix: 'Choose another offer.' }),
  PriceTooHigh: ([total, maximum]) => ({
    sentence: `It would lock ${units(total)}, more than the ${units(maximum)} you agreed to.`,
    fix: 'Look at the cost again.',
  }),
  DurationOutOfBounds: ([, minimum, maximum]) => ({
    sentence: `A lease lasts ${String(minimum)} to ${String(maximum)} seconds.`,
    fix: 'Choose a duration within these bounds.',
  }),
  UnbidNotReady: () => ({ sentence: 'The money is still leaving bidding.', fix: 'Wait for the time shown.' }),
  LeaseAlreadyEnded: () => ({ sentence: 'The lease has already ended.', fix: 'Nothing is left to close.' }),
};

/** Puts any error of a wallet, a contract or the API into words. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ApiError) return { sentence: error.sentence, fix: error.fix };
  if (error instanceof BaseError) {
    if (error.walk((cause) => cause instanceof UserRejectedRequestError) !== null) {
      return { sentence: 'You declined in the wallet.', fix: 'Nothing was sent; start again when you like.' };
    }
    const reverted = error.walk((cause) => cause instanceof ContractFunctionRevertedError);
    if (reverted instanceof ContractFunctionRevertedError && reverted.data !== undefined) {
      const { errorName, args } = reverted.data;
      const known = REVERTS[errorName];
      if (known !== undefined) return known(args ?? []);
      return { sentence: `The contract refused: ${errorName}.`, fix: 'Reload the page and try again.' };
    }
    return {
      sentence: `${error.shortMessage.replace(/\.?$/, '.')}`,
      fix: 'Check the wallet and its network, then try again.',
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { sentence: message.replace(/\.?$/, '.'), fix: 'Try again.' };
}
