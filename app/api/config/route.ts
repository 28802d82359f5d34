import { serverContext } from '../../server/context.ts';
import { answer, json } from '../../server/http.ts';

/** Chains of developers' machines, where the token is our mintable test money. */
const LOCAL_CHAINS = [31337, 1337];

/** What a client needs to sign and to read the chain by itself. */
export async function GET(): Promise<Response> {
  return answer(() => {
    const { deployment, publicRpcUrl } = serverContext();
    return Promise.resolve(
      json({ deployment, rpcUrl: publicRpcUrl, testMoney: LOCAL_CHAINS.includes(deployment.chainId) }),
    );
  });
}
