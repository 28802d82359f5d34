/** Plays Solidity tests from code in memory, by the runner that Hardhat uses. */
import {
  CollectStackTraces,
  EdrContext,
  FsAccessPermission,
  L1_CHAIN_TYPE,
  OSAKA,
  TestStatus,
  l1GenesisState,
  l1HardforkFromString,
  l1SolidityTestRunnerFactory,
} from '@nomicfoundation/edr';
import type { Artifact, SolidityTestRunnerConfigArgs } from '@nomicfoundation/edr';
import { FUZZ_SEED, LIGHT } from '../../../hardhat.config.ts';
import { ROOT } from '../hardhat.ts';
import type { Contracts } from './compiler.ts';

/** A mutant may loop for ever; few tests use a tenth of the first, and a page of 201 matches half of the second. */
const GAS_LIMIT = 100_000_000n;
const GAS_LIMIT_OF_PAGES = 1_000_000_000n;

/** Tests that take seconds or much gas; most mutants are dead before. */
export const SLOW = /:SlotTest$|:FormatsTest$|:ReaTest$|Invariants$/;

const CONFIG: SolidityTestRunnerConfigArgs = {
  projectRoot: ROOT,
  hardfork: OSAKA,
  localPredeploys: l1GenesisState(l1HardforkFromString(OSAKA)),
  fsPermissions: [{ access: FsAccessPermission.ReadDirectory, path: './test/vectors' }],
  disableBlockGasLimit: true,
  disableTransactionGasCap: true,
  fuzz: { runs: LIGHT.fuzzRuns, seed: FUZZ_SEED },
  // One failing sequence is enough: nobody reads a mutant's shrunk one.
  invariant: { runs: LIGHT.runs, depth: LIGHT.depth, failOnRevert: false, shrinkRunLimit: 0 },
  collectStackTraces: CollectStackTraces.OnFailure,
};

const context = new EdrContext();
await context.registerSolidityTestRunnerFactory(L1_CHAIN_TYPE, l1SolidityTestRunnerFactory());

/** @returns the contracts that have tests, as `file:name` */
export function suitesOf(contracts: Contracts): string[] {
  return Object.entries(contracts)
    .filter(([id, { abi, creation }]) => {
      const functions = JSON.parse(abi) as { type: string; name?: string }[];
      const isTest = functions.some(
        ({ type, name }) => type === 'function' && /^(test|invariant)/.test(name ?? ''),
      );
      return id.startsWith('test/') && creation !== '' && isTest;
    })
    .map(([id]) => id);
}

/** @returns the tests that failed, as `file:contract test` */
export async function failuresOf(contracts: Contracts, suites: readonly string[]): Promise<string[]> {
  const failures: string[] = [];
  const artifacts = Object.entries(contracts)
    .filter(([, { creation }]) => creation !== '')
    .map(([id, compiled]) => artifactOf(id, compiled));
  const ids = artifacts
    .map(({ id }) => id)
    .filter(({ source, name }) => suites.includes(`${source}:${name}`));
  // The runner's promise may be kept before its last suites are reported.
  const reported = Promise.withResolvers<void>();
  let waiting = ids.length;
  const gasLimit = suites.some((id) => SLOW.test(id)) ? GAS_LIMIT_OF_PAGES : GAS_LIMIT;
  const config = { ...CONFIG, gasLimit };
  const played = context.runSolidityTests(
    L1_CHAIN_TYPE,
    artifacts,
    ids,
    config,
    {},
    ({ id, testResults }) => {
      for (const test of testResults) {
        if (test.status === TestStatus.Failure) failures.push(`${id.source}:${id.name} ${test.name}`);
      }
      waiting -= 1;
      if (waiting === 0) reported.resolve();
    },
  );
  await Promise.all([played, reported.promise]);
  return failures;
}

function artifactOf(id: string, compiled: Contracts[string]): Artifact {
  const [source = '', name = ''] = id.split(':');
  return {
    id: { source, name, solcVersion: '0.8.37' },
    contract: {
      abi: compiled.abi,
      bytecode: `0x${compiled.creation}`,
      linkReferences: {},
      deployedBytecode: `0x${compiled.runtime}`,
      deployedLinkReferences: {},
    },
  };
}
