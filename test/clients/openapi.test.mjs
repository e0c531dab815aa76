// The OpenAPI document before a public linter; the examples in it are held against their schemas there too.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Server } from '../js/server.mjs';

let folder, text;
const lint = (document) => {
  const file = join(folder, 'openapi.json');
  writeFileSync(file, document);
  const r = spawnSync(new URL('node_modules/.bin/redocly', import.meta.url).pathname, ['lint', file, '--format=json'], {
    encoding: 'utf8',
    env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
  });
  return { status: r.status, ...JSON.parse(r.stdout) };
};
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'couponry-openapi-'));
  const server = await Server.start();
  text = await (await fetch(`${server.url}/openapi.json`)).text();
  await server.close();
});
after(() => rmSync(folder, { recursive: true, force: true }));

test('nothing is wrong with it', () => {
  const r = lint(text);
  assert.deepEqual(r.problems, []);
  assert.equal(r.status, 0);
});
test('the linter finds what would be', () => {
  const doc = JSON.parse(text);
  delete doc.info.title;
  assert.notEqual(lint(JSON.stringify(doc)).status, 0);
  const other = JSON.parse(text);
  other.paths['/v1/coupons'].post.responses['201'].content['application/json'].example.issued = 'one';
  assert.ok(lint(JSON.stringify(other)).problems.length > 0);
});
