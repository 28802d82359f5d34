import { Refusal } from '../../../domain/refusal.ts';
import { serverContext } from '../../server/context.ts';
import { addressOf, answer, json } from '../../server/http.ts';
import { leasesOf } from '../../server/reads/leases.ts';

/** `?account=` (either side) or `?provider=`; `&live=1` for those that still hold money. Newest first. */
export async function GET(request: Request): Promise<Response> {
  return answer(async () => {
    const query = new URL(request.url).searchParams;
    const account = query.get('account');
    const provider = query.get('provider');
    if (account === null && provider === null) {
      throw new Refusal(
        'MALFORMED',
        'Whose leases are wanted is not said.',
        'Add ?account=0x… or ?provider=0x….',
      );
    }
    const leases = await leasesOf(serverContext().db, {
      account: account === null ? undefined : addressOf(account, 'account'),
      provider: provider === null ? undefined : addressOf(provider, 'provider'),
      live: query.get('live') === '1',
    });
    return json(leases);
  });
}
