import type { Deployment } from '../../contracts/deployment.ts';
import { ACCOUNT_INDEX, demoAccount, demoKey } from '../demo/roster.ts';
import { isLocal } from './deployment.ts';
import type { Settings } from './settings.ts';

/** What a person wants to know once everything runs. */
export function greeting(
  settings: Settings,
  deployment: Deployment,
  withDemo: boolean,
  seconds: string,
): string {
  const lines = ['', `Cardhour is ready after ${seconds} s:  http://localhost:${settings.port}`, ''];
  if (isLocal(deployment)) {
    const line = (who: string, index: number): string => `  ${who}  ${demoAccount(index).address}`;
    lines.push('Demo wallets (test money; the keys are public, never use them elsewhere):');
    if (withDemo) {
      lines.push(...ACCOUNT_INDEX.providers.map((index) => line('provider', index)));
      lines.push(...ACCOUNT_INDEX.consumers.map((index) => line('consumer', index)));
    }
    lines.push(
      line('yours   ', ACCOUNT_INDEX.visitor),
      `            key ${demoKey(ACCOUNT_INDEX.visitor)}`,
      '',
    );
  }
  lines.push(`Data and logs: ${settings.dir}. Ctrl-C stops everything; the next start finds it as it was.`);
  return lines.join('\n');
}
