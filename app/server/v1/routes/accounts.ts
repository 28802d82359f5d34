/** An account's money as the chain has it. */
import { z } from 'zod';
import { ownAccount } from '../access.ts';
import { route } from '../declaration.ts';
import { addressIn, addressOut, decimal, money } from '../texts.ts';

const tag = 'Accounts';
const byAccount = z.strictObject({ account: addressIn });

export const accountRoutes = {
  'GET /accounts/{account}': route({
    tag,
    access: ownAccount('account:read'),
    rate: 'read',
    summary: 'Your balances, as of the newest indexed block that changed them',
    path: byAccount,
    answer: z.object({
      address: addressOut,
      available: money,
      bidding: money,
      unbidding: money.describe('on its way out of bidding'),
      staked: money,
      block: decimal.nullable(),
    }),
    async handler({ server, path: { account } }) {
      const row = await server.db.account.findUnique({ where: { address: account } });
      const text = (value: { toFixed(digits: number): string } | undefined): string =>
        value?.toFixed(0) ?? '0';
      return {
        address: account,
        available: text(row?.available),
        bidding: text(row?.bidding),
        unbidding: text(row?.unbidding),
        staked: text(row?.staked),
        block: row?.blockNumber.toString() ?? null,
      };
    },
  }),
};
