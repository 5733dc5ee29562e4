// A database and a role for each service: the role works in its own database only, and owns nothing there.
import pg from 'pg';

const ROLE_LOCK = 0x726f6c65; // 'role'

/** Makes the database unless it exists, and lets nobody but this role in. The role may exist; its password is set. */
export async function ensureDatabase(adminUrl: string, database: string, role: string, password: string, template?: string): Promise<void> {
  await withClient(adminUrl, async (admin) => {
    await ensureRole(admin, role, password);
    const { rowCount } = await admin.query('SELECT FROM pg_database WHERE datname = $1', [database]);
    if (rowCount === 0) await admin.query(`CREATE DATABASE ${name(database)}${template ? ` TEMPLATE ${name(template)}` : ''}`);
    await admin.query(`REVOKE ALL ON DATABASE ${name(database)} FROM PUBLIC`);
    await admin.query(`GRANT CONNECT, TEMPORARY ON DATABASE ${name(database)} TO ${name(role)}`);
  });
  if (!template) await grantOnWhatWillBeMade(inDatabase(adminUrl, database), role);
}

/** Nobody connects to the databases that come with the server. */
export async function closeCommonDatabases(adminUrl: string): Promise<void> {
  await withClient(adminUrl, async (admin) => {
    for (const database of ['postgres', 'template1']) await admin.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`);
  });
}

/** Another database on the same server, by the same user. */
export function inDatabase(url: string, database: string): string {
  const other = new URL(url);
  other.pathname = `/${database}`;
  return other.href;
}

/** What the role of a service connects to. */
export function databaseUrl(adminUrl: string, database: string, role: string, password: string): string {
  const url = new URL(inDatabase(adminUrl, database));
  url.username = role;
  url.password = password;
  return url.href;
}

/** The same of a service that keeps documents, without a user where the server has none. */
export function mongoUrl(adminUrl: string, database: string, user?: { readonly name: string; readonly password: string }): string {
  const url = new URL(adminUrl);
  url.pathname = `/${database}`;
  if (url.username && user) {
    url.username = user.name;
    url.password = user.password;
    url.searchParams.set('authSource', database);
  }
  return url.href;
}

export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(url);
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

// One at a time: two that alter a role at once would meet in its row, and one of them fail.
async function ensureRole(admin: pg.Client, role: string, password: string): Promise<void> {
  await admin.query('SELECT pg_advisory_lock($1)', [ROLE_LOCK]);
  const { rowCount } = await admin.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
  if (rowCount === 0) await admin.query(`CREATE ROLE ${name(role)}`);
  await admin.query(`ALTER ROLE ${name(role)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD ${text(password)}`);
  await admin.query('SELECT pg_advisory_unlock($1)', [ROLE_LOCK]);
}

// Migrations run as the owner, so a service cannot alter its tables or switch off their triggers.
async function grantOnWhatWillBeMade(url: string, role: string): Promise<void> {
  await withClient(url, async (admin) => {
    for (const right of [
      'USAGE ON SCHEMAS',
      'SELECT, INSERT, UPDATE, DELETE ON TABLES',
      'USAGE, SELECT ON SEQUENCES',
      'EXECUTE ON FUNCTIONS',
    ]) {
      await admin.query(`ALTER DEFAULT PRIVILEGES GRANT ${right} TO ${name(role)}`);
    }
  });
}

const name = (identifier: string) => pg.escapeIdentifier(identifier);
const text = (value: string) => pg.escapeLiteral(value);
