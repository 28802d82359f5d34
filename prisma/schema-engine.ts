import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { PrismaPg } from '@prisma/adapter-pg';
import { ColumnTypeEnum, bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import type * as SchemaEngineWasm from '@prisma/schema-engine-wasm';
import type { MigrationDirectory, MigrationList, SchemaEngine } from '@prisma/schema-engine-wasm';

const MIGRATIONS = new URL('./migrations/', import.meta.url);
const SCHEMA = new URL('./schema.prisma', import.meta.url);

/** No table and no enum is left to somebody else. */
export const NO_FILTERS = { externalTables: [], externalEnums: [] };

type Bindings = typeof SchemaEngineWasm;
let bindings: Promise<Bindings> | undefined;

/**
 * Prisma's migration engine as WASM. Instantiated by hand: the package imports its `.wasm` as a module, which Node does
 * only from 24.5 on, and with a warning.
 */
async function loadBindings(): Promise<Bindings> {
  const glue = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const folder = dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm'));
  const { instance } = await WebAssembly.instantiate(await readFile(join(folder, 'schema_engine_bg.wasm')), {
    './schema_engine_bg.js': glue as unknown as WebAssembly.ModuleImports,
  });
  glue.__wbg_set_wasm(instance.exports);
  (instance.exports.__wbindgen_start as () => void)();
  return glue;
}

/** Type numbers of PostgreSQL: the internal one-byte type "char", and uuid. */
const OID_CHAR = 18;
const OID_UUID = 2950;

/**
 * The engine reads system tables with columns of type "char", which `adapter-pg` refuses. So the wire says uuid in place
 * of it (a text too, and no system table or migration of ours has one), and {@link readChars} names it to the engine.
 */
class CharClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    this.connection.prependListener('rowDescription', ({ fields }: { fields: { dataTypeID: number }[] }) => {
      for (const field of fields) if (field.dataTypeID === OID_CHAR) field.dataTypeID = OID_UUID;
    });
  }
}

type Adapter = Awaited<ReturnType<PrismaPg['connect']>>;

function readChars(adapter: Adapter): Adapter {
  const { Uuid, Character } = ColumnTypeEnum;
  const queryRaw = adapter.queryRaw.bind(adapter);
  adapter.queryRaw = async (query) => {
    const result = await queryRaw(query);
    return { ...result, columnTypes: result.columnTypes.map((type) => (type === Uuid ? Character : type)) };
  };
  return adapter;
}

function poolOf(url: string): pg.Pool {
  return new pg.Pool({ connectionString: url, max: 2, Client: CharClient });
}

/**
 * Makes shadow databases that are really others, and really go. The adapter's own lets a `connectionString` win over the
 * shadow's name, so that the engine would empty the real database, and drops the shadow while still connected to it.
 */
class MigrationAdapter extends PrismaPg {
  readonly #url: string;

  constructor(url: string, pool: pg.Pool) {
    super(pool);
    this.#url = url;
  }

  override async connect(): Promise<Adapter> {
    return readChars(await super.connect());
  }

  override async connectToShadowDb(): Promise<Adapter> {
    const name = `cardhour_shadow_${randomUUID()}`;
    const url = new URL(this.#url);
    url.pathname = `/${name}`;
    const owner = await this.connect();
    await owner.executeScript(`CREATE DATABASE "${name}"`);
    const shadow = readChars(await new PrismaPg(poolOf(url.href), { disposeExternalPool: true }).connect());
    const dispose = shadow.dispose.bind(shadow);
    shadow.dispose = async () => {
      await dispose();
      await owner.executeScript(`DROP DATABASE "${name}" WITH (FORCE)`);
      await owner.dispose();
    };
    return shadow;
  }
}

/** Runs `work` with an engine that is connected to the database at `url`. */
export async function withSchemaEngine<T>(
  url: string,
  work: (engine: SchemaEngine) => Promise<T>,
): Promise<T> {
  const { SchemaEngine: Engine } = await (bindings ??= loadBindings());
  const pool = poolOf(url);
  const adapter = bindMigrationAwareSqlAdapterFactory(new MigrationAdapter(url, pool));
  const quiet = (): void => undefined;
  const engine = await Engine.new({ datamodels: [['schema.prisma', await schemaText()]] }, quiet, adapter);
  try {
    return await work(engine);
  } finally {
    engine.free();
    await pool.end();
  }
}

export async function schemaText(): Promise<string> {
  return readFile(SCHEMA, 'utf8');
}

/** The migrations as committed, oldest first. */
export async function migrationList(): Promise<MigrationList> {
  const entries = await readdir(MIGRATIONS, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return {
    baseDir: fileURLToPath(MIGRATIONS),
    lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
    shadowDbInitScript: '',
    migrationDirectories: await Promise.all(names.sort().map(migrationDirectory)),
  };
}

async function migrationDirectory(name: string): Promise<MigrationDirectory> {
  const value = await readFile(new URL(`./${name}/migration.sql`, MIGRATIONS), 'utf8');
  return { path: name, migrationFile: { path: 'migration.sql', content: { tag: 'ok', value } } };
}
