/**
 * Sees proposals to their end: formed on-chain once every member consented, lapsed with the reason otherwise. A proposal is `open` until its
 * deadline, `forming` once its transaction may be on its way, then `formed` or `lapsed`.
 */
import { Interface, type JsonRpcProvider } from 'ethers';
import type { Pool } from 'pg';
import { clustersAbi, providerRegistryAbi } from '../../contracts/generated/abi.ts';
import type { Deployment } from '../../contracts/deployment.ts';
import { clusterId } from '../../domain/clusters.ts';
import { consentId } from '../../domain/eip712.ts';
import { regionId } from '../../domain/names.ts';
import type { Consent, Hex } from '../../domain/types.ts';
import { rpcError } from '../commit/revert.ts';
import type { Call } from '../commit/signing.ts';
import type { TransactionManager } from '../commit/transaction-manager.ts';

/** Gas asked for: what is not used is not paid. */
const BASE_GAS = 400_000n;
const MEMBER_GAS = 250_000n;

interface FormOptions {
  pool: Pool;
  provider: JsonRpcProvider;
  transactions: TransactionManager;
  deployment: Deployment;
}

export interface FormReport {
  formed: Hex[];
  lapsed: { id: Hex; reason: string }[];
}

interface ProposalRow {
  id: Hex;
  resourceClass: Hex;
  region: string;
  members: { node: Hex }[];
  consentBy: string;
  state: 'open' | 'forming';
}

interface AnswerRow {
  proposal: Hex;
  node: Hex;
  consent: Record<keyof Consent, string | number> | null;
  signature: Hex | null;
  reason: string | null;
}

const clusters = new Interface(clustersAbi);
const ERRORS = [clusters, new Interface(providerRegistryAbi)];

/** @param now chain time, unix seconds */
export async function formDue(options: FormOptions, now: bigint): Promise<FormReport> {
  const { pool, transactions } = options;
  const report: FormReport = { formed: [], lapsed: [] };
  const lapse = async (id: Hex, reason: string): Promise<void> => {
    await mark(pool, id, 'lapsed', { reason });
    report.lapsed.push({ id, reason });
  };
  const proposals = await pool.query<ProposalRow>(
    `SELECT id, "resourceClass", region, members, "consentBy", state FROM cluster_proposal
     WHERE state IN ('open', 'forming') ORDER BY id`,
  );
  const answers = await pool.query<AnswerRow>(
    'SELECT proposal, node, consent, signature, reason FROM cluster_answer WHERE proposal = ANY($1) ORDER BY node',
    [proposals.rows.map(({ id }) => id)],
  );
  const answersOf = Map.groupBy(answers.rows, ({ proposal }) => proposal);
  const due: { call: Call; id: Hex }[] = [];
  for (const proposal of proposals.rows) {
    const given = answersOf.get(proposal.id) ?? [];
    const verdict = verdictOf(proposal, given, now);
    if (verdict === 'wait') continue;
    if (verdict !== 'form') {
      await lapse(proposal.id, verdict);
      continue;
    }
    const { call, cluster } = callOf(options, proposal, given);
    // Bytes that are stored may be on the chain already: they are seen through, whatever a call says now.
    if (!(await transactions.has(call.effect))) {
      const refused = await refusalOf(options, call);
      if (refused !== null) {
        await lapse(proposal.id, refused);
        continue;
      }
    }
    await mark(pool, proposal.id, 'forming', { cluster });
    due.push({ call, id: proposal.id });
  }
  if (due.length === 0) return report;
  const mined = await transactions.send(due.map(({ call }) => call));
  for (const [place, { reverted }] of mined.entries()) {
    const { id } = due[place]!;
    if (reverted !== null) {
      await lapse(id, `The chain refused it: ${reverted.name}(${reverted.args.join(', ')}).`);
      continue;
    }
    await mark(pool, id, 'formed', {});
    report.formed.push(id);
  }
  return report;
}

/** What becomes of a proposal: `wait`, `form`, or why it lapses. */
function verdictOf(
  { members, consentBy, state }: Pick<ProposalRow, 'members' | 'consentBy' | 'state'>,
  answers: readonly Pick<AnswerRow, 'node' | 'consent' | 'reason'>[],
  now: bigint,
): string {
  if (state === 'forming') return 'form';
  const declined = answers.find(({ consent }) => consent === null);
  if (declined) return `Node ${declined.node} declined: ${declined.reason ?? 'no reason given'}`;
  const said = new Set(answers.map(({ node }) => node));
  const silent = members.filter(({ node }) => !said.has(node));
  if (silent.length === 0) return 'form';
  if (now <= BigInt(consentBy)) return 'wait';
  return `No answer in time from ${silent.map(({ node }) => `node ${node}`).join(', ')}.`;
}

function callOf(
  { deployment }: FormOptions,
  { id, resourceClass, region, members }: ProposalRow,
  answers: readonly AnswerRow[],
): { call: Call; cluster: Hex } {
  const byNode = new Map(answers.map((answer) => [answer.node, answer]));
  const given = members.map(({ node }) => byNode.get(node)!);
  const consents = given.map(({ consent }) => consentOf(consent!));
  const domain = { chainId: deployment.chainId, auction: deployment.auction };
  const args = [resourceClass, regionId(region), consents, given.map(({ signature }) => signature)];
  return {
    cluster: clusterId(consents.map((consent) => consentId(domain, consent))),
    call: {
      effect: `cluster:${id}`,
      to: deployment.clusters,
      data: clusters.encodeFunctionData('form', args) as Hex,
      gasLimit: BASE_GAS + MEMBER_GAS * BigInt(members.length),
    },
  };
}

function consentOf(row: Record<keyof Consent, string | number>): Consent {
  return {
    provider: row.provider as Hex,
    node: row.node as Hex,
    members: row.members as Hex,
    cards: Number(row.cards),
    power: BigInt(row.power),
    reservePrice: BigInt(row.reservePrice),
    validFrom: BigInt(row.validFrom),
    validUntil: BigInt(row.validUntil),
    nonce: BigInt(row.nonce),
  };
}

/** Why the chain would refuse it now; null when it would not. */
async function refusalOf(
  { provider, transactions }: FormOptions,
  { to, data }: Call,
): Promise<string | null> {
  try {
    await provider.call({ to, data, from: transactions.address });
    return null;
  } catch (error) {
    if ((error as { code?: string }).code !== 'CALL_EXCEPTION') throw error;
    const raw = rpcError(error).data ?? '0x';
    const known = ERRORS.map((abi) => (raw.length >= 10 ? abi.parseError(raw) : null)).find(
      (parsed) => parsed !== null,
    );
    return `The chain would refuse it: ${known ? `${known.name}(${known.args.join(', ')})` : raw}.`;
  }
}

async function mark(
  pool: Pool,
  id: Hex,
  state: 'forming' | 'formed' | 'lapsed',
  { reason = null, cluster = null }: { reason?: string | null; cluster?: Hex | null },
): Promise<void> {
  await pool.query(
    `UPDATE cluster_proposal SET state = $2, reason = coalesce($3, reason), cluster = coalesce($4, cluster)
     WHERE id = $1 AND state IN ('open', 'forming')`,
    [id, state, reason, cluster],
  );
}
