import { hashMessage } from 'viem';
import { Refusal } from '../../domain/refusal.ts';
import { reportDigest, type LeaseReport } from '../../domain/report.ts';
import { recoverSigner } from '../../domain/signature.ts';
import type { Hex, SigningDomain } from '../../domain/types.ts';
import type { Database } from '../../prisma/client.ts';
import { runnerOfLease } from './clusters/formed.ts';
import { parse } from './parse.ts';
import { countRefusals } from './refusals.ts';
import { reportSchema } from './wire.ts';

/**
 * Takes a report of a lease by its provider's agent: state, heartbeat and pieces of the log. A piece sent twice is kept
 * once. Throws a `Refusal`, counted.
 */
export async function acceptReport(
  db: Database,
  domain: SigningDomain,
  leaseId: bigint,
  input: unknown,
): Promise<void> {
  try {
    const { signature, ...report } = parse(reportSchema, input);
    const lease = await db.lease.findUnique({ where: { id: leaseId }, select: { provider: true } });
    if (lease === null) {
      throw new Refusal(
        'NOT_FOUND',
        `Lease ${leaseId} is not known here.`,
        'Report again when its block is indexed.',
        {
          retryable: true,
        },
      );
    }
    const runner = await runnerOfLease(db, leaseId, lease.provider as Hex);
    const provider = await db.provider.findUnique({ where: { address: runner }, select: { signer: true } });
    const digest = hashMessage({ raw: reportDigest(domain, leaseId, report) });
    const signer = recoverSigner(digest, signature);
    if (provider === null || signer !== (provider.signer as Hex)) {
      throw new Refusal(
        'BAD_SIGNATURE',
        `The report is not signed by the signing key of ${runner}, which runs the lease.`,
        'Sign its digest (EIP-191) with that key, for this chain, contract and lease.',
      );
    }
    const exitCode = report.exitCode ?? null;
    const at = BigInt(report.at);
    const startedAt = report.state === 'running' ? at : null;
    const endedAt = report.state === 'exited' && exitCode !== null ? at : null;
    await db.$transaction([
      db.$executeRaw`
        INSERT INTO lease_report ("leaseId", state, "exitCode", heartbeats, "lastBeatAt", sandbox, "startedAt", "endedAt")
        VALUES (${leaseId}, ${report.state}, ${exitCode}::int, 1, now(), ${report.sandbox}, ${startedAt}::bigint, ${endedAt}::bigint)
        ON CONFLICT ("leaseId") DO UPDATE SET state = excluded.state, "exitCode" = excluded."exitCode",
          heartbeats = lease_report.heartbeats + 1, "lastBeatAt" = excluded."lastBeatAt", sandbox = excluded.sandbox,
          "startedAt" = coalesce(lease_report."startedAt", excluded."startedAt"),
          "endedAt" = coalesce(lease_report."endedAt", excluded."endedAt")`,
      ...usageOf(db, leaseId, at, report.used),
      db.leaseLog.createMany({
        // PostgreSQL's text holds every character but NUL.
        data: (report.log ?? []).map(({ seq, text }) => ({ leaseId, seq, text: text.replaceAll('\0', '') })),
        skipDuplicates: true,
      }),
    ]);
  } catch (error) {
    if (error instanceof Refusal) await countRefusals(db, 'report', [error]);
    throw error;
  }
}

const HOUR = 3_600n;

/** Keeps the hour's newest count, so that a report that comes twice counts once. */
function usageOf(db: Database, leaseId: bigint, at: bigint, used: LeaseReport['used']) {
  if (used === undefined) return [];
  const hour = (at / HOUR) * HOUR;
  return [
    db.$executeRaw`
      INSERT INTO lease_usage ("leaseId", hour, "cpuMs", cpus) VALUES (${leaseId}, ${hour}, ${BigInt(used.cpuMs)}, ${used.cpus})
      ON CONFLICT ("leaseId", hour) DO UPDATE SET "cpuMs" = excluded."cpuMs", cpus = excluded.cpus`,
  ];
}
