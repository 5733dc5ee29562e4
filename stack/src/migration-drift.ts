// Compares a migrated database with its schema.prisma. Prisma's schema engine runs as WebAssembly: the native one has to be downloaded.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import type { SchemaEngine } from '@prisma/schema-engine-wasm';
import pg from 'pg';

interface SchemaEngineModule {
  readonly SchemaEngine: typeof SchemaEngine;
  readonly __wbg_set_wasm: (exports: object) => void;
}

// Node has it; its types are the browser's, which nothing else here needs.
declare const WebAssembly: {
  instantiate(bytes: Uint8Array, imports: Record<string, object>): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>;
};

const CHAR_OID = 18;
const TEXT_OID = 25;

/** The SQL that would lead from the tables in the database to those in the schema; empty when they agree. */
export async function migrationDrift(databaseUrl: string, schemaPath: string): Promise<string> {
  const schema = { path: schemaPath, content: readFileSync(schemaPath, 'utf8') };
  const { SchemaEngine } = await loadEngine();
  const pool = new pg.Pool({ connectionString: databaseUrl });
  const engine = await SchemaEngine.new(
    { datamodels: [[schema.path, schema.content]] },
    () => {},
    bindMigrationAwareSqlAdapterFactory(adapterOf(pool)),
  );
  try {
    const { exitCode, stdout } = await engine.diff({
      from: { tag: 'schemaDatasource', files: [schema], configDir: dirname(schemaPath) },
      to: { tag: 'schemaDatamodel', files: [schema] },
      script: true,
      exitCode: true,
      filters: { externalTables: [], externalEnums: [] },
    });
    return exitCode === 0 ? '' : (stdout ?? '').trim();
  } finally {
    engine.free();
    await pool.end();
  }
}

// Its own entry imports the .wasm file, which Node 20 does not do.
let loading: Promise<SchemaEngineModule> | undefined;
function loadEngine(): Promise<SchemaEngineModule> {
  loading ??= instantiate();
  return loading;
}

async function instantiate(): Promise<SchemaEngineModule> {
  const path = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const bindings = (await import(path)) as SchemaEngineModule;
  // Where the engine looks when it panics.
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: { set_message: (message: string) => console.error(message) } });
  const bytes = readFileSync(join(dirname(path), 'schema_engine_bg.wasm'));
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': bindings });
  bindings.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return bindings;
}

// The adapter refuses Postgres's type "char", which the catalog is full of and the engine wants as a character: it is passed off
// as text, and told apart again by the rows that it came with.
function adapterOf(pool: pg.Pool): SqlMigrationAwareDriverAdapterFactory {
  const characters = new WeakMap<object, number[]>();
  const query = pool.query.bind(pool) as (config: pg.QueryArrayConfig) => Promise<pg.QueryArrayResult>;
  const queryAsText = async (config: pg.QueryArrayConfig) => {
    const result = await query(config);
    const found = result.fields.filter(({ dataTypeID }) => dataTypeID === CHAR_OID);
    characters.set(
      result.rows,
      found.map((field) => result.fields.indexOf(field)),
    );
    for (const field of found) field.dataTypeID = TEXT_OID;
    return result;
  };
  const factory = new PrismaPg(Object.assign(pool, { query: queryAsText }));
  const connect = async () => {
    const adapter = await factory.connect();
    const queryRaw: typeof adapter.queryRaw = async (request) => {
      const answer = await adapter.queryRaw(request);
      const columnTypes = [...answer.columnTypes];
      for (const column of characters.get(answer.rows) ?? []) columnTypes[column] = ColumnTypeEnum.Character;
      return { ...answer, columnTypes };
    };
    return Object.assign(Object.create(adapter) as typeof adapter, { queryRaw });
  };
  return { provider: factory.provider, adapterName: factory.adapterName, connect, connectToShadowDb: () => factory.connectToShadowDb() };
}
