import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toJson } from '../../app/server/wire.ts';
import { readFlags } from '../../cli/verify/flags.ts';
import { receiptDigest } from '../../domain/eip712.ts';
import type { SlotEvidence } from '../../domain/evidence.ts';
import { keccak, keccakText } from '../../domain/hash.ts';
import { decodeManifest } from '../../domain/manifest.ts';
import type { Refusal, RefusalCode } from '../../domain/refusal.ts';
import type { Hex, Receipt } from '../../domain/types.ts';
import { RULES } from '../../domain/verify.ts';
import { setup, type TradedSlot } from './verify-world.ts';

let world: Awaited<ReturnType<typeof setup>>;
let first: TradedSlot;
let second: TradedSlot;
beforeAll(async () => {
  world = await setup();
  first = await world.trade(1n);
  second = await world.trade(2n);
});
afterAll(() => world.teardown());

describe('report', () => {
  test('ofOneSlot_namesEveryRule_andPasses', async () => {
    const { code, lines } = await world.run({ slot: String(first.slot) });
    expect(lines.filter((line) => line.startsWith('PASS  '))).toHaveLength(RULES.length + 1);
    expect(lines.at(-1)).toBe(`PASS  ${RULES.length} of ${RULES.length} rules`);
    expect(lines.find((line) => line.includes('receipts'))).toContain('(2 checked)');
    expect(code).toBe(0);
  });

  test('ofARange_asJson_isAnObjectASlot', async () => {
    const { code, lines } = await world.run({ range: `${first.slot}..${second.slot}`, json: true });
    const slots = lines.map((line) => JSON.parse(line) as { slot: string; ok: boolean; rules: unknown[] });
    expect(slots.map(({ slot, ok }) => [slot, ok])).toEqual([
      [String(first.slot), true],
      [String(second.slot), true],
    ]);
    for (const { rules } of slots) expect(rules).toHaveLength(RULES.length);
    expect(code).toBe(0);
  });

  test('ofAll_asCsv_isALineASlotAndRule', async () => {
    const { lines } = await world.run({ all: true, csv: true });
    expect(lines[0]).toBe('slot,rule,state,checked,kind,subject,difference');
    expect(lines).toHaveLength(1 + 2 * RULES.length);
    for (const line of lines.slice(1)) expect(line).toMatch(/^\d+,[a-z-]+,PASS,\d+,,,$/);
  });

  test('needsNoDeploymentFile_whenTheApiTellsTheAddresses_andSaysSo', async () => {
    const { said, code } = await inEmptyFolder(() => world.run({ slot: String(first.slot) }, {}, []));
    expect(said[0]).toContain(`come from ${world.apiUrl}`);
    expect(code).toBe(0);
  });
});

describe('a mirror', () => {
  test('verifies_whenTheSchedulersServerIsGone_fromAFolderOrAnyWebServer', async () => {
    const mirror = join(world.dir, 'mirror');
    await world.run({ all: true, save: mirror });
    const names = await readdir(mirror);
    expect(names).toHaveLength(2);
    for (const name of names) {
      const hash = keccak(await readFile(join(mirror, name)));
      const { slot } = decodeManifest(await readFile(join(mirror, name)));
      expect(name).toBe(`slot-${slot}-${hash}.chs`);
    }
    const gone = 'http://127.0.0.1:9';
    expect(await world.run({ all: true, api: gone, inputs: mirror })).toMatchObject({ code: 0 });
    const server = await world.serve(async (request, response) => {
      const bytes = await readFile(join(mirror, (request.url ?? '').slice(1))).catch(() => null);
      if (bytes === null) response.writeHead(404);
      response.end(bytes ?? '');
    });
    expect(await world.run({ all: true, api: gone, inputs: server })).toMatchObject({ code: 0 });
  });

  test('withAlteredBytes_isNoPass_andTheBytesAreKeptUnderTheirOwnHash', async () => {
    const bytes = await bytesOf(first.slot);
    for (const at of [2, 50, bytes.length - 70]) {
      const altered = Uint8Array.from(bytes, (byte, i) => (i === at ? byte ^ 1 : byte));
      const server = await world.serve((_, response) => Promise.resolve(void response.end(altered)));
      const kept = join(world.dir, `altered-${at}`);
      const { code, lines } = await world.run({ slot: String(first.slot), inputs: server, save: kept });
      expect(code).toBe(1);
      const fail = lines.find((line) => line.startsWith('FAIL  inputs-hash'));
      expect(fail).toContain(`slot ${first.slot}: the manifest hashes to ${keccak(altered)}`);
      expect(lines.find((line) => line.includes('clearing'))).toMatch(/^OPEN/);
      expect(await readdir(kept)).toEqual([`slot-${first.slot}-${keccak(altered)}.chs`]);
    }
  });

  test('withoutTheSlot_saysWhatWasNotChecked', async () => {
    for (const inputs of [world.dir, 'http://127.0.0.1:9']) {
      const { code, lines } = await world.run({ slot: String(first.slot), inputs });
      expect(code).toBe(1);
      const open = lines.filter((line) => line.startsWith('OPEN')).map((line) => line.split(/ +/)[1]);
      expect(open).toEqual(
        expect.arrayContaining(['inputs-hash', 'items', 'receipts', 'orders-root', 'clearing']),
      );
    }
    await refused({ all: true, inputs: join(world.dir, 'nowhere') }, 'NOT_FOUND');
  });
});

describe('a receipt', () => {
  test('ofTheGateway_isFoundInItsSlot_aloneOrInTheWholeAnswer', async () => {
    const alone = await fileOf(first.order.receipt);
    expect(await world.run({ receipt: alone })).toMatchObject({ code: 0 });
    const answer = await fileOf(second.ask);
    const { code, lines } = await world.run({ receipt: answer, slot: String(second.slot) });
    expect(code).toBe(0);
    expect(lines.find((line) => line.includes('receipts'))).toContain('(3 checked)');
  });

  test('ofAnotherSlot_orOfNone_isRefused', async () => {
    const receipt = await fileOf(first.order);
    const refusal = await refused({ receipt, slot: String(second.slot) }, 'MALFORMED');
    expect(refusal.sentence).toBe(`The receipt is of slot ${first.slot}, not of slot ${second.slot}.`);
    await refused({ receipt: world.deploymentFile }, 'MALFORMED');
    await refused({ receipt: join(world.dir, 'none.json') }, 'NOT_FOUND');
  });

  test('signedForAnItemThatIsNotThere_orAnotherHead_isAFail_withTheItem', async () => {
    const item = keccakText('left out');
    const omitted = await receiptBy(world.market.schedulerKey, { item });
    const { code, lines } = await world.run({ receipt: await fileOf(omitted), json: true });
    expect(code).toBe(1);
    expect(ruleOf(lines, 'receipts')).toMatchObject({
      state: 'FAIL',
      subject: { kind: 'item', id: item },
      firstDifference: expect.stringContaining("is not among the slot's inputs") as string,
    });
    const forked = await receiptBy(world.market.schedulerKey, { head: keccakText('fork') });
    const fork = await world.run({ receipt: await fileOf(forked), json: true });
    expect(ruleOf(fork.lines, 'receipts')).toMatchObject({ state: 'FAIL', subject: { id: first.order.id } });
  });

  test('thatTheSchedulerDidNotSign_bindsNobody', async () => {
    const stranger: Hex = `0x${'7'.repeat(64)}`;
    const malleable = { ...first.order.receipt, signature: twin(first.order.receipt.signature) };
    const wrongV = { ...first.order.receipt, signature: `${first.order.receipt.signature.slice(0, -2)}01` };
    const elsewhere = await receiptBy(world.market.schedulerKey, {}, 1);
    const forged = await receiptBy(stranger, {});
    for (const receipt of [malleable, wrongV, elsewhere, forged]) {
      const { code, lines } = await world.run({ receipt: await fileOf(receipt), json: true });
      expect(code).toBe(1);
      expect(ruleOf(lines, 'receipts')).toMatchObject({ state: 'OPEN' });
    }
  });
});

describe('a node that', () => {
  test('altersTheClosingBlock_isNotBelieved', async () => {
    const evidence = await evidenceOf(first.slot);
    const number = `0x${evidence.closing!.number.toString(16)}`;
    const altered = await world.liar((method, params, result) =>
      method === 'eth_getBlockByNumber' && params[0] === number
        ? { ...(result as object), timestamp: '0x1' }
        : result,
    );
    expect(await open({ slot: String(first.slot), rpc: altered })).toEqual(['header-block']);
    const other = await world.liar((method, params, result) =>
      method === 'eth_getBlockByNumber' && params[0] === number
        ? { ...(result as object), hash: keccakText('another block') }
        : result,
    );
    expect(await open({ slot: String(first.slot), rpc: other })).toEqual(['header-block']);
  });

  test('lags_givesNoPass', async () => {
    const evidence = await evidenceOf(second.slot);
    const before = `0x${(evidence.closing!.number - 1n).toString(16)}`;
    const early = await world.chain.rpc<object>('eth_getBlockByNumber', [before, false]);
    const lagging = await world.liar((method, params, result) =>
      method === 'eth_getBlockByNumber' && params[0] === 'latest' ? early : result,
    );
    const one = await world.run({ slot: String(second.slot), rpc: lagging });
    expect(one.code).toBe(1);
    expect(one.lines.at(-1)).toMatch(/^FAIL {2}\d of/);
    expect(one.lines.find((line) => line.includes('header-block'))).toContain('or the node lags');
    const range = await world.run({ range: `${first.slot}..${second.slot}`, rpc: lagging, json: true });
    expect(range.code).toBe(1);
    expect(range.lines).toHaveLength(2);
  });

  test('givesTheLogsOfBlocksThatItLacks_isRefused', async () => {
    const lacking = await world.liar((method, params, result) => {
      if (method === 'eth_getBlockByNumber' && params[0] !== 'latest') return null;
      return method === 'eth_getLogs' ? [] : result;
    });
    await refused({ slot: String(first.slot), rpc: lacking }, 'CHAIN_UNREACHABLE');
  });

  test('lacksABlock_givesNoPass', async () => {
    const { closing } = await evidenceOf(first.slot);
    const number = `0x${closing!.number.toString(16)}`;
    const lacking = await world.liar((method, params, result) =>
      method === 'eth_getBlockByNumber' && params[0] === number ? null : result,
    );
    expect(await open({ slot: String(first.slot), rpc: lacking })).toContain('header-block');
  });

  test('isOfAnotherChain_orWithoutTheContract_orNone_isRefused', async () => {
    const other = await world.liar((method, _, result) => (method === 'eth_chainId' ? '0x1' : result));
    await refused({ all: true, rpc: other }, 'WRONG_CHAIN');
    const bare = await world.liar((method, _, result) => (method === 'eth_getCode' ? '0x' : result));
    await refused({ all: true, rpc: bare }, 'NOT_DEPLOYED');
    const babbling = await world.serve((_, response) => Promise.resolve(void response.end('hello')));
    await refused({ all: true, rpc: babbling }, 'CHAIN_UNREACHABLE');
    await refused({ all: true, deployment: join(world.dir, 'none.json') }, 'NOT_FOUND');
  });
});

test('follow_judgesEachNewSlot_andHandsWhatIsWrongToTheHook', async () => {
  const altered = await world.serve(async (request, response) => {
    const answer = await fetch(world.apiUrl + (request.url ?? ''));
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (bytes.length > 0) bytes[bytes.length - 1]! ^= 1;
    response.writeHead(answer.status).end(bytes);
  });
  const stop = new AbortController();
  const wrong: [bigint, string[]][] = [];
  const watch = {
    signal: stop.signal,
    pollMs: 50,
    onWrong: (evidence: SlotEvidence, results: readonly { ok: boolean; rule: string }[]) => {
      wrong.push([evidence.slot, results.filter(({ ok }) => !ok).map(({ rule }) => rule)]);
      stop.abort();
      return Promise.reject(new Error('no gas'));
    },
  };
  const running = world.run({ follow: true, inputs: altered, csv: true }, watch);
  const { slot } = await world.trade(3n);
  const { code, lines, said } = await running;
  expect(code).toBe(1);
  expect(wrong).toHaveLength(1);
  expect(wrong[0]![0]).toBe(slot);
  expect(wrong[0]![1]).toContain('inputs-hash');
  expect(said.at(-1)).toBe(`slot ${slot}: Error: no gas`);
  expect(new Set(lines.slice(1).map((line) => line.split(',')[0]))).toEqual(new Set([String(slot)]));
});

test('flags_thatSayNothing_orTwoThings_areRefused', () => {
  const bad = [
    {},
    { all: true, slot: '1' },
    { slot: '1', range: '1..2' },
    { slot: '-1' },
    { range: '2..1' },
    { range: '1-2' },
    { all: true, json: true, csv: true },
    { all: true, receipt: 'file' },
    { follow: true, receipt: 'file' },
  ];
  for (const flags of bad) {
    const read = () => readFlags({ api: 'http://a', rpc: 'http://b', ...flags });
    expect(read, JSON.stringify(flags)).toThrow(expect.objectContaining({ code: 'ENVIRONMENT' }) as Error);
  }
});

test('inputs_areServedAsAFile_namedByTheirHash', async () => {
  const answer = await fetch(`${world.apiUrl}/api/v1/slots/${first.slot}/inputs`);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  expect(answer.headers.get('content-type')).toBe('application/octet-stream');
  expect(answer.headers.get('content-disposition')).toContain(`slot-${first.slot}-${keccak(bytes)}.chs`);
  const { slot, domain, orders, asks, receipts } = decodeManifest(bytes);
  expect({ slot, domain }).toEqual({ slot: first.slot, domain: world.market.domain });
  expect(orders.map(({ id }) => id)).toEqual([first.order.id]);
  expect(asks.map(({ id }) => id)).toEqual([first.ask.id]);
  expect(receipts.items).toEqual([first.ask.id, first.order.id]);
});

async function bytesOf(slot: bigint): Promise<Uint8Array> {
  const answer = await fetch(`${world.apiUrl}/api/v1/slots/${slot}/inputs`);
  return new Uint8Array(await answer.arrayBuffer());
}

/** The evidence that the command judged, by way of its hook: inputs are withheld, so that something is wrong. */
async function evidenceOf(slot: bigint): Promise<SlotEvidence> {
  const seen: SlotEvidence[] = [];
  await world.run(
    { slot: String(slot), inputs: world.dir },
    { onWrong: (evidence) => Promise.resolve(void seen.push(evidence)) },
  );
  return seen[0]!;
}

/** Rules that were not checked; none may fail or pass for that reason. */
async function open(flags: Parameters<typeof world.run>[0]): Promise<string[]> {
  const { code, lines } = await world.run({ ...flags, csv: true });
  expect(code).toBe(1);
  const states = lines.slice(1).map((line) => line.split(','));
  expect(states.filter(([, , state]) => state === 'FAIL')).toEqual([]);
  return states.filter(([, , state]) => state === 'OPEN').map(([, rule]) => rule!);
}

async function refused(flags: Parameters<typeof world.run>[0], code: RefusalCode): Promise<Refusal> {
  const refusal: unknown = await world.run(flags).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ name: 'Refusal', code });
  return refusal as Refusal;
}

let files = 0;

async function fileOf(content: unknown): Promise<string> {
  const file = join(world.dir, `receipt-${files++}.json`);
  await writeFile(file, toJson(content));
  return file;
}

/** The first order's receipt with `change`, signed by `key` for `chainId` or this chain. */
async function receiptBy(key: Hex, change: Partial<Receipt>, chainId = world.market.domain.chainId) {
  const { signature: _, ...receipt } = { ...first.order.receipt, ...change };
  const hash = receiptDigest({ ...world.market.domain, chainId }, receipt);
  return { ...receipt, signature: await privateKeyToAccount(key).sign({ hash }) };
}

/** The same signature with the other s: valid for the curve, refused by the contracts. */
function twin(signature: Hex): Hex {
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const s = order - BigInt(`0x${signature.slice(66, 130)}`);
  const v = signature.endsWith('1b') ? '1c' : '1b';
  return `0x${signature.slice(2, 66)}${s.toString(16).padStart(64, '0')}${v}`;
}

function ruleOf(lines: readonly string[], name: string): unknown {
  const { rules } = JSON.parse(lines[0]!) as { rules: { rule: string }[] };
  return rules.find(({ rule }) => rule === name);
}

/** Where no deployment file lies. */
async function inEmptyFolder<T>(work: () => Promise<T>): Promise<T> {
  const before = process.cwd();
  process.chdir(world.dir);
  try {
    return await work();
  } finally {
    process.chdir(before);
  }
}
