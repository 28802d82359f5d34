/** The demo providers' agents, one process each. */
import { CLUSTER_CLASS, DEMO_PROVIDERS, demoKey } from './roster.ts';

export interface DemoAgent {
  name: string;
  /**
   * What is its own; the supervisor adds RPC_URL, API_URL, DEPLOYMENT_FILE, CARDHOUR_SUPERVISED and a DATA_DIR of the
   * agent's own.
   */
  env: Record<string, string>;
}

/** For `node provider/main.ts`. */
export function demoAgents(): DemoAgent[] {
  return DEMO_PROVIDERS.map(({ name, account, prices }) => ({
    name,
    env: {
      AGENT_NAME: name,
      PROVIDER_KEY: demoKey(account),
      PRICES: JSON.stringify(prices),
      CLUSTERS: JSON.stringify({ classes: [CLUSTER_CLASS], listen: '127.0.0.1' }),
    },
  }));
}
