// A database that was brought back to an earlier state: what was issued after it is not issued again.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BINARY } from '../js/server.mjs';

const HOME = process.env.COUPONRY_TEST_POSTGRESQL;
const psql = (database, ...words) => execFileSync('psql', ['-qXAt', '-h', HOME, '-U', 'postgres', ...words, database], { encoding: 'utf8', stdio: 'pipe' });

test('restore --store gives a new epoch', async () => {
  const root = mkdtempSync(join(tmpdir(), 'couponry-restored-'));
  const name = `restored_${process.pid}`, key = join(root, 'master.key');
  const url = (database) => `postgresql:///${database}?host=${HOME}&user=postgres`;
  const run = (database, ...words) =>
    execFileSync(BINARY, [...words, `--store=${url(database)}`, `--master-key=${key}`], { encoding: 'utf8', stdio: 'pipe', env: { ...process.env, COUPONRY_DATA: '' } });
  const epoch = (database) => psql(database, '-c', 'select epoch from origin').trim();
  try {
    psql('postgres', '-c', `create database ${name}`);
    run(name, 'demo');
    psql('postgres', '-c', `create database ${name}_back template ${name}`); // the backup
    assert.equal(epoch(`${name}_back`), epoch(name));
    assert.match(run(`${name}_back`, 'restore'), /not issued again/);
    assert.notEqual(epoch(`${name}_back`), epoch(name));
    const once = epoch(`${name}_back`);
    run(`${name}_back`, 'restore');
    assert.notEqual(epoch(`${name}_back`), once);
    assert.match(run(`${name}_back`, 'ledger', 'verify'), /is whole: 2 chains, .* entries in \d+ batches/);
    assert.throws(() => execFileSync(BINARY, ['restore'], { stdio: 'pipe', env: { ...process.env, COUPONRY_STORE: '' } }), /wants --from=BACKUP and --data=DIR, or --store/);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
