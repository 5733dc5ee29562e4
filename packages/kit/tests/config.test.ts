import { format, inspect } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ConfigError, hostAndPort, hostsAndPorts, hostVariables, readConfig, secret } from '../src/config.js';

const good = { LISTEN: '127.0.0.1:0', METRICS_LISTEN: '127.0.0.1:0', CERTIFICATES: '/certificates', ISSUER: 'https://moa.test' };
const refusalOf = (env: NodeJS.ProcessEnv, shape = {}) => {
  try {
    readConfig({ ...hostVariables, ...shape }, env);
  } catch (error) {
    return error as ConfigError;
  }
  throw new Error('the configuration was accepted');
};

test('tells of all that is missing or wrong at once, by name', () => {
  const error = refusalOf({ ISSUER: 'x', LISTEN: 'nowhere', LOG_LEVEL: 'loud', DRAIN_MS: 'soon', STREAM_MAX_AGE_DAYS: '0' });
  assert.instance(error, ConfigError);
  const lines = error.message.split('\n').slice(1);
  assert.equal(
    lines.map((line) => line.trim().split(':')[0]),
    ['LISTEN', 'METRICS_LISTEN', 'CERTIFICATES', 'LOG_LEVEL', 'DRAIN_MS', 'STREAM_MAX_AGE_DAYS'],
  );
  assert.ok(lines.includes('  LISTEN: must be host:port'));
  assert.ok(lines.includes('  METRICS_LISTEN: is missing'));
});

test('never tells what a wrong variable holds', () => {
  const leak = 'hunter2-and-more';
  const env = { ...good, LISTEN: leak, NATS_PREFIX: leak, LOG_LEVEL: leak, DRAIN_MS: leak, PAYMENT_ADDRESS: leak, KEY: leak };
  const error = refusalOf(env, { PAYMENT_ADDRESS: hostAndPort(), KEY: secret(100) });
  assert.is(error.message.split('\n').length, 1 + 6);
  assert.not.match(`${error.message}${error.stack}${inspect(error)}`, leak);
});

test('a callee is at one address, or its copies are at several, by IP', () => {
  const shape = { AUTH_ADDRESS: hostsAndPorts() };
  for (const AUTH_ADDRESS of ['auth:50051', '127.0.0.1:1', '10.0.0.1:8080,10.0.0.2:8080'])
    assert.is(readConfig(shape, { AUTH_ADDRESS }).AUTH_ADDRESS, AUTH_ADDRESS);
  for (const AUTH_ADDRESS of ['auth', 'auth:1,user:2', '10.0.0.1:1,', ',10.0.0.1:1', '10.0.0.1:1, 10.0.0.2:1'])
    assert.match(refusalOf({ ...good, AUTH_ADDRESS }).message, /AUTH_ADDRESS: must be host:port/);
});

test('a secret is not printed, whichever way one tries', () => {
  const config = readConfig({ ...hostVariables, KEY: secret() }, { ...good, KEY: 'hunter2' });
  const { KEY } = config;
  const prints = [
    String(KEY),
    `${KEY}`,
    `key: ${KEY}`,
    JSON.stringify(config),
    inspect(KEY),
    inspect(config, { depth: 9, showHidden: true }),
  ];
  prints.push(format('%s %o %O %j', KEY, KEY, KEY, KEY), JSON.stringify(Object.entries(KEY)), JSON.stringify({ ...KEY }));
  for (const print of prints) assert.not.match(print, 'hunter2');
  assert.is(JSON.stringify({ KEY }), '{"KEY":"[secret]"}');
  assert.is(KEY.reveal(), 'hunter2');
});

test('what is left out has its default, and what is not asked for is not there', () => {
  const config = readConfig(hostVariables, { ...good, STRANGER: 'x' });
  assert.is(config.LOG_LEVEL, 'info');
  assert.is(config.DATABASE_CONNECTIONS, 10);
  assert.is(config.DATABASE_URL, undefined);
  assert.not.ok('STRANGER' in config);
});

test.run();
