// The import table of CONTRIBUTING.md: who may import whom. Imports run downward.
const only = (name, from, allowed) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: {
    path: '^(app|bench|cli|contracts|domain|indexer|prisma|provider|monitor|scheduler|sdk|test)/',
    pathNot: [from, ...allowed],
  },
});

const ABIS = '^contracts/(generated/|deployment\\.ts|addresses\\.json|events\\.ts)';
const JOBS = '^scheduler/jobs/[^/]+\\.definition\\.ts$';

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'not-to-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    only('domain-imports-nothing', '^domain/', []),
    {
      name: 'domain-packages',
      comment: 'Hash functions and the curve excepted, domain is plain TypeScript.',
      severity: 'error',
      from: { path: '^domain/' },
      to: {
        dependencyTypes: ['npm', 'npm-dev', 'core'],
        pathNot: 'node_modules/(@noble/hashes|@bitauth/libauth)/',
      },
    },
    only('contracts-import-domain-alone', '^contracts/', ['^domain/']),
    only('prisma-imports-domain-alone', '^prisma/', ['^domain/refusal\\.ts$']),
    only('indexer', '^indexer/', ['^domain/', '^prisma/', ABIS]),
    only('scheduler', '^scheduler/', ['^domain/', '^prisma/', ABIS]),
    only('provider', '^provider/', ['^domain/', ABIS]),
    only('monitor', '^monitor/', ['^domain/', ABIS]),
    only('app', '^app/', ['^domain/', '^prisma/', ABIS, JOBS]),
    // The API's types; nothing of the server runs in it.
    only('sdk', '^sdk/', ['^domain/', ABIS, '^app/server/v1/table\\.ts$']),
    only('cli', '^cli/', ['^(app|contracts|domain|indexer|prisma|provider|monitor|scheduler|sdk)/']),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: {
      path: '(^|/)(\\.next|artifacts|cache|\\.cardhour|prisma/generated/(internal|models))(/|$)|prisma/generated/(models|commonInputTypes)\\.ts$',
    },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
};
