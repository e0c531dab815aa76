// couponry migrate: an empty database, again, two at once, a newer schema, partitions, and what a command says before.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { BINARY } from '../js/server.mjs';
import { MISSING, Postgres } from '../js/postgres.mjs';

let postgres;
const run = (args, env = {}) =>
  new Promise((resolve) => {
    const p = spawn(BINARY, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    let stdout = '', stderr = '';
    p.stdout.on('data', (d) => (stdout += d));
    p.stderr.on('data', (d) => (stderr += d));
    p.on('exit', (status) => resolve({ status, stdout, stderr }));
  });
const fresh = (name) => {
  postgres.ask(`create database ${name}`);
  return postgres.database(name);
};

describe('couponry migrate', { skip: MISSING }, () => {
  before(async () => (postgres = await Postgres.start({ fsync: false })));
  after(() => postgres?.stop());

  test('makes everything in an empty database, and nothing the second time', async () => {
    const url = fresh('empty');
    const first = await run(['migrate', `--store=${url}`]);
    assert.deepEqual(first, { status: 0, stdout: 'step 1: tables\nstep 2: views\nstep 3: rooms\nstep 4: due\nthe schema is up to date\n', stderr: '' });
    const second = await run(['migrate', '--output=json'], { COUPONRY_STORE: url });
    assert.deepEqual(second, { status: 0, stdout: '', stderr: '' });
    assert.deepEqual(postgres.ask("select step, name from schema_version order by 1", 'empty'), ['1|tables', '2|views', '3|rooms', '4|due']);
    const columns = postgres.ask("select column_name, data_type from information_schema.columns where table_name = 'template' and column_name in ('amount', 'end', 'name', 'live') order by 1", 'empty');
    assert.deepEqual(columns, ['amount|bigint', 'end|timestamp with time zone', 'live|boolean', 'name|text']);
    assert.deepEqual(postgres.ask('select * from campaign_funnel', 'empty'), []);
  });

  test('several at once do each step once', async () => {
    const url = fresh('at_once');
    const all = await Promise.all([1, 2, 3].map(() => run(['migrate', '--output=json', `--store=${url}`])));
    assert.deepEqual(all.map((r) => [r.status, r.stderr]), [[0, ''], [0, ''], [0, '']]);
    const steps = all.flatMap((r) => r.stdout.split('\n').filter(Boolean)).map((line) => JSON.parse(line).step).sort();
    assert.deepEqual(steps, [1, 2, 3, 4]);
  });

  test('refuses the schema of a newer program and leaves it alone', async () => {
    const url = fresh('newer');
    assert.equal((await run(['migrate', `--store=${url}`])).status, 0);
    postgres.ask("insert into schema_version (step, name, size) values (900, 'later', 1)", 'newer');
    const r = await run(['migrate', `--store=${url}`]);
    assert.equal(r.status, 1);
    assert.match(r.stderr, /^couponry: schema_newer: .*newer couponry/);
    assert.equal(postgres.ask('select count(*) from schema_version', 'newer')[0], '5');
  });

  test('hashes into partitions when told to', async () => {
    const url = fresh('partitions');
    assert.equal((await run(['migrate', '--partitions=3', `--store=${url}`])).status, 0);
    assert.equal(postgres.ask("select count(*) from pg_inherits where inhparent = 'coupon'::regclass", 'partitions')[0], '3');
    assert.equal(postgres.ask("select count(*) from pg_inherits where inhparent = 'credential'::regclass", 'partitions')[0], '0');
  });

  test('says what is wrong: no address, nobody there, bad numbers', async () => {
    assert.equal((await run(['migrate'], { COUPONRY_STORE: '' })).status, 2);
    const nobody = await run(['migrate', '--store=postgresql:///x?host=/nowhere&password=hidden-word']);
    assert.equal(nobody.status, 1);
    assert.match(nobody.stderr, /^couponry: busy: .*cannot be reached/);
    assert.doesNotMatch(nobody.stderr, /hidden-word/);
    assert.equal((await run(['migrate', '--store=postgresql:///x', '--partitions=many'])).status, 2);
  });
});
