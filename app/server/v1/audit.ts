/** The audit log: who did what, and what came of it. It only grows. */
import type { Database } from '../../../prisma/client.ts';
import type { Principal } from './access.ts';

export interface Deed {
  requestId: string;
  who: Pick<Principal, 'account' | 'keyId'>;
  action: string;
  subject: string;
  status: number;
}

export async function noteDeed(
  db: Database,
  { requestId, who, action, subject, status }: Deed,
): Promise<void> {
  await db.auditEntry.create({
    data: {
      requestId,
      account: who.account,
      keyId: who.keyId,
      action,
      subject: subject.slice(0, 200),
      status,
    },
  });
}
