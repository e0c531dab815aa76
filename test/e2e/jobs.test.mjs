// Jobs while processes die: docs/bulk.md. Every row once in the result and once in the store.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import { csvObjects, csvRows, exported, random, sleep, verify } from '../js/e2e.mjs';
import { Native } from '../js/native.mjs';
import { ON_POSTGRESQL, Server } from '../js/server.mjs';

const ROWS = 50000, PART = 256 * 1024, KILLS = ON_POSTGRESQL ? 1 : 12;
const open = [];
after(async () => {
  for (const s of open) await s.close();
});
async function start(args = []) {
  const s = await Server.start({ args });
  open.push(s);
  return s;
}
const rss = (s) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${s.process.pid}/status`, 'utf8'))[1]) * 1024;

/** A caller who asks again when the server has gone. */
class Caller {
  constructor(server) {
    this.server = server;
  }
  async send(method, path, body, { headers, raw } = {}) {
    for (let tries = 0; tries < 400; tries++) {
      const api = new Native(this.server.port);
      try {
        const request = api.request(method, path, raw ? undefined : body, { headers });
        const r = await api.send(raw ? { ...request, body } : request);
        if (r.status < 500) return r;
      } catch {
      } finally {
        api.close();
      }
      await sleep(25);
    }
    throw new Error(`${method} ${path}: nobody answers`);
  }
  async ok(...args) {
    const r = await this.send(...args);
    assert.ok(r.status < 300, r.text);
    return r.json;
  }
  get(id) {
    return this.ok('GET', `/v1/jobs/${id}`);
  }
  /** The input in parts, going on where the server says it is. */
  async upload(id, bytes) {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + PART);
      const r = await this.send('PUT', `/v1/jobs/${id}/input`, part, { raw: true, headers: { 'content-range': `bytes ${at}-${at + part.length - 1}/${bytes.length}` } });
      if (r.status === 400) assert.fail(`the server lost what it had: ${r.text}`);
      assert.equal(r.status, 200, r.text);
      at += part.length;
    }
  }
  async ended(id, ms = 120000) {
    for (const end = Date.now() + ms; Date.now() < end; await sleep(50)) {
      const job = await this.get(id);
      if (['done', 'cancelled', 'failed'].includes(job.state)) return job;
    }
    throw new Error(`job ${id} did not end: ${JSON.stringify(await this.get(id))}`);
  }
  async result(job) {
    const parts = [];
    for (let at = 0; at < job.result_bytes;) {
      const r = await this.send('GET', `/v1/jobs/${job.job_id}/result`, undefined, { headers: { range: `bytes=${at}-` } });
      assert.equal(r.status, 206, r.text);
      parts.push(r.text);
      at += Buffer.byteLength(r.text);
    }
    return parts.join('');
  }
}
/**
 * Kills and starts the server until `over()`; returns how often. Where others may share the work a job is nobody's only
 * when the lease of who died has run out: there it dies once. Then it may finish, on a slow machine too.
 */
async function killing(server, over, dice) {
  let kills = 0;
  while (!over()) {
    await sleep(30 + dice.below(170));
    if (over()) break;
    await server.stop('SIGKILL');
    kills++;
    await server.run();
    while (kills >= KILLS && !over()) await sleep(100);
  }
  return kills;
}

const codes = (rows) => rows.map((r) => r.code);
const numbered = (rows) => rows.map((r) => Number(r.row));
const counted = (n) => [...Array(n).keys()].map((i) => i + 1);

describe('SIGKILL in the middle', () => {
  test(`an import of ${ROWS} rows, uploaded in parts`, { timeout: 240000 }, async () => {
    const server = await start(), caller = new Caller(server), dice = random(5);
    const bytes = Buffer.from('code,template_id,phone,attribute\n' + counted(ROWS).map((i) => (i % 1000 ? `imp-${i},11,${13000000000 + (i % 9000)},"row ""${i}"""\n` : `,11,,\n`)).join(''));
    const { job_id } = await caller.ok('POST', '/v1/jobs', { kind: 'import', resource: 'coupons' });
    let over = false;
    const dying = killing(server, () => over, dice);
    // A till is quicker than the job's own steps: what a crash leaves to be done again has changed meanwhile.
    const frozen = new Set();
    const till = (async () => {
      while (!over) {
        const { done } = await caller.get(job_id);
        for (let i = done + 1; i < done + 256 && !over; i += 7) {
          const r = await caller.send('POST', `/v1/coupons/imp-${i}/freeze`, {});
          if (r.status < 300) frozen.add(`imp-${i}`);
          else break;
        }
      }
    })();
    let job;
    try {
      await caller.upload(job_id, bytes);
      job = await caller.ended(job_id);
    } finally {
      over = true;
    }
    const kills = await dying;
    await till;
    console.log(`# ${kills} kills, ${frozen.size} rows changed under way`);
    assert.ok(kills > (ON_POSTGRESQL ? 0 : 2));
    assert.deepEqual([job.state, job.done, job.refused, job.read_bytes], ['done', ROWS, ROWS / 1000, bytes.length]);
    const rows = csvObjects(await caller.result(job));
    assert.deepEqual(numbered(rows), counted(ROWS));
    rows.forEach((r, i) => assert.equal(r.result, (i + 1) % 1000 ? 'ok' : 'parameter_missing'));
    await server.stop();
    const there = (await exported(server.dir, 'coupons')).filter((c) => c.code.startsWith('imp-'));
    assert.deepEqual(codes(there).sort(), counted(ROWS).filter((i) => i % 1000).map((i) => `imp-${i}`).sort());
    for (const c of there) if (frozen.has(c.code)) assert.equal(c.status, 'frozen');
    await verify(server.dir);
  });
  test('issuing to a list, generating and recalling at once', { timeout: 240000 }, async () => {
    const server = await start(), caller = new Caller(server), dice = random(6);
    const N = 20000;
    const { template_id } = await caller.ok('POST', '/v1/templates', { name: 'jobs', amount_fen: 100, limits: { per_customer: 2 } });
    const { template_id: old } = await caller.ok('POST', '/v1/templates', { name: 'old', amount_fen: 100 });
    const recalled = [];
    for (let i = 0; i < 3; i++) recalled.push(...(await caller.ok('POST', '/v1/coupons', { template_id: old, count: 1000 })).coupons.map((c) => c.code));
    const jobs = [];
    for (const order of [{ kind: 'issue', template_id }, { kind: 'generate', template_id: old, count: N }, { kind: 'recall', reason: 'all of them' }]) jobs.push((await caller.ok('POST', '/v1/jobs', order)).job_id);
    let over = false;
    const dying = killing(server, () => over, dice);
    const done = [];
    try {
      await caller.upload(jobs[0], Buffer.from('phone\n' + counted(N).map((i) => `${13500000000 + (i % (N / 4))}\n`).join('')));
      await caller.upload(jobs[2], Buffer.from('code\n' + recalled.join('\n')));
      for (const id of jobs) done.push(await caller.ended(id));
    } finally {
      over = true;
    }
    const kills = await dying;
    console.log(`# ${kills} kills`);
    assert.ok(kills > (ON_POSTGRESQL ? 0 : 2));
    const [issued, generated, back] = await Promise.all(done.map(async (job) => csvObjects(await caller.result(job))));
    assert.deepEqual(done.map((j) => [j.state, j.done, j.refused]), [['done', N, N / 2], ['done', N, 0], ['done', 3000, 0]]);
    for (const [rows, n] of [[issued, N], [generated, N], [back, 3000]]) assert.deepEqual(numbered(rows), counted(n));
    await server.stop();
    const all = await exported(server.dir, 'coupons');
    const of = (template, filter = () => true) => codes(all.filter((c) => c.template_id === template && filter(c))).sort();
    // What the results say is what there is: nothing twice, nothing lost.
    assert.deepEqual(codes(issued.filter((r) => r.result === 'ok')).sort(), of(template_id));
    assert.deepEqual(codes(generated).concat(recalled).sort(), of(old));
    assert.deepEqual(of(old, (c) => c.status === 'recalled'), [...recalled].sort());
    const events = (await exported(server.dir, 'events')).filter((e) => e.kind === 'recalled');
    assert.deepEqual(codes(events).sort(), [...recalled].sort()); // recalled once each
    await verify(server.dir);
  });
  test('an export', { timeout: 120000 }, async () => {
    const server = await start(), caller = new Caller(server), dice = random(7);
    const made = await caller.ok('POST', '/v1/jobs', { kind: 'generate', template_id: 11, count: 60000 });
    await caller.ended(made.job_id);
    const { job_id } = await caller.ok('POST', '/v1/jobs', { kind: 'export', resource: 'coupons' });
    let over = false;
    const dying = killing(server, () => over, dice);
    const job = await caller.ended(job_id).finally(() => (over = true));
    await dying;
    const text = await caller.result(job);
    await server.stop();
    assert.equal(csvRows(text).length, job.done + 1);
    assert.deepEqual(csvObjects(text), await exported(server.dir, 'coupons'));
  });
});

test('the server\'s memory does not follow the size of a job; calls are answered meanwhile', { timeout: 240000 }, async () => {
  const server = await start(), caller = new Caller(server);
  const run = async (n) => {
    const { job_id } = await caller.ok('POST', '/v1/jobs', { kind: 'import', resource: 'customers', format: 'ndjson' });
    await caller.upload(job_id, Buffer.from(counted(n).map((i) => `{"customer_id":"m-${i}","name":"${'x'.repeat(90)}"}\n`).join('')));
    let worst = 0;
    for (;;) {
      const began = Date.now();
      const job = await caller.get(job_id);
      worst = Math.max(worst, Date.now() - began);
      if (job.state === 'done') break;
      assert.ok(['waiting', 'running'].includes(job.state), job.state);
      await sleep(10);
    }
    return [rss(server), worst];
  };
  const [small] = await run(5000);
  // The same customers again: the store does not grow, so what would is the job.
  await run(50000);
  const [middle] = await run(50000), [large, worst] = await run(50000);
  console.log(`# RSS ${[small, middle, large].map((b) => Math.round(b / 1048576)).join(', ')} MiB; the slowest call took ${worst} ms`);
  assert.ok(large - middle < 64 * 1048576, `${middle} -> ${large}`);
});

test('files: private, and gone with their time', { skip: ON_POSTGRESQL && 'the same', timeout: 60000 }, async () => {
  const server = await start(), caller = new Caller(server);
  const { job_id } = await caller.ok('POST', '/v1/jobs', { kind: 'export', resource: 'customers' });
  await caller.ended(job_id);
  const dir = `${server.dir}.spool`;
  assert.equal(statSync(dir).mode & 0o777, 0o700);
  const [file] = readdirSync(dir);
  assert.equal(statSync(`${dir}/${file}`).mode & 0o777, 0o600);
  await server.stop();
  const { utimesSync, writeFileSync } = await import('node:fs');
  const old = Date.now() / 1000 - 8 * 86400;
  utimesSync(`${dir}/${file}`, old, old);
  writeFileSync(`${dir}/notes.txt`, 'not ours');
  writeFileSync(`${dir}/1-4711-0.input`, 'of a job that nobody knows');
  utimesSync(`${dir}/1-4711-0.input`, old, old);
  await server.run();
  for (const end = Date.now() + 10000; readdirSync(dir).length > 1 && Date.now() < end;) await sleep(50);
  assert.deepEqual(readdirSync(dir), ['notes.txt']);
  const gone = await caller.send('GET', `/v1/jobs/${job_id}/result`);
  assert.deepEqual([gone.status, gone.json.code, gone.json.field], [404, 'job_unknown', 'result']);
});
