/**
 * What a provider's agent says of a lease, and the one form of it that is signed. The digest binds chain, contract and
 * lease, so a report can't be replayed for another one. The signature is EIP-191 (`personal_sign`) over the 32 bytes
 * of `reportDigest`, by the provider's signing key.
 */
import { keccakText } from './hash.ts';
import type { Hex, SigningDomain } from './types.ts';

/**
 * starting: seen on-chain, nothing runs yet. running: the command runs. exited: it ended by itself (`exitCode`), or the
 * lease's end stopped it (no `exitCode`). failed: it could not be started.
 */
export type ReportState = 'starting' | 'running' | 'exited' | 'failed';

/** A piece of the lease's output; pieces in order of `seq` (0, 1, …) make the log, each text keeps its line ends. */
export interface LogPiece {
  seq: number;
  text: string;
}

export interface LeaseReport {
  state: ReportState;
  /** 0 to 255; 128 and the signal's number when a signal ended it. */
  exitCode?: number;
  /** `bubblewrap`, or `plain` when no sandbox was to be had. */
  sandbox: string;
  log?: LogPiece[];
  /** Chain time of the report, unix seconds in decimal digits. */
  at: string;
  /** Processor time since the lease began, milliseconds, restarts included; and the processors that its cards come with. */
  used?: { cpuMs: number; cpus: number };
}

/** The signed text: JSON with keys in order and no spaces; what the report leaves out is left out. */
export function canonicalReport(
  { chainId, auction }: SigningDomain,
  leaseId: bigint,
  report: LeaseReport,
): string {
  const log = report.log?.map(({ seq, text }) => ({ seq, text }));
  return JSON.stringify({
    at: report.at,
    auction,
    chainId,
    exitCode: report.exitCode,
    leaseId: leaseId.toString(),
    log,
    sandbox: report.sandbox,
    state: report.state,
    used: report.used && { cpuMs: report.used.cpuMs, cpus: report.used.cpus },
  });
}

export function reportDigest(domain: SigningDomain, leaseId: bigint, report: LeaseReport): Hex {
  return keccakText(canonicalReport(domain, leaseId, report));
}
