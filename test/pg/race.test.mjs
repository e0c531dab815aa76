// Two nodes over one PostgreSQL are asked at the same moment. Run by tools/with-postgresql.
// ROUNDS=n: how often each pair of requests meets.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, csvObjects, waiqinRequest } from '../js/e2e.mjs';
import { Server, cli } from '../js/server.mjs';
import { Wjb } from '../js/wjb.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 100), NODES = 2, EXHAUSTED = 15;
let root, dir, nodes = [], clients = [], wjb;

before(async () => {
  root = mkdtempSync(join(tmpdir(), 'couponry-race-'));
  dir = join(root, 'data');
  cli('demo', `--data=${dir}`);
  for (let i = 0; i < NODES; i++) nodes.push(await Server.start({ dir, demo: false, args: ['--log-calls=false'] }));
  clients = nodes.map((n) => new Client(n.port, 4));
  wjb = new Wjb(nodes[0].port);
});
after(async () => {
  for (const c of clients) c.close();
  for (const n of nodes) await n.close();
  if (dir) cli('ledger', 'verify', `--data=${dir}`);
  if (root) rmSync(root, { recursive: true, force: true });
});

let lastId = 92000000;
async function template(members) {
  const coupon_id = ++lastId;
  await wjb.ok('wjb.ump.coupon.add', { coupon: { coupon_id, name: 'r', type: 1, ...members } });
  return coupon_id;
}
const exported = (kind) => csvObjects(cli('export', kind, `--data=${dir}`));
/** Every node is sent its request before any has answered. */
const together = (requests) => Promise.all(requests.map((r, i) => clients[i % NODES].send(r)));
const results = (reply) => {
  assert.equal(reply.json?.response?.code, 0, reply.text);
  return reply.json.response.send_results;
};

test('the same signed SPI request on both: the same coupons', async () => {
  const coupon_id = await template({ per_person: 100 });
  const given = new Set();
  for (let i = 0; i < ROUNDS; i++) {
    const request = wjb.spiRequest({ coupon_id, buyer_nicks: [`same-${i}`, `other-${i}`] });
    const [a, b] = await together([request, request]);
    assert.equal(a.text, b.text);
    for (const r of results(a)) given.add(r.coupon_number);
  }
  assert.equal(given.size, 2 * ROUNDS);
  const there = exported('coupons').filter((c) => c.template_id === String(coupon_id));
  assert.deepEqual(there.map((c) => c.code).sort(), [...given].sort());
});

test('one buyer asked for on both, one for each person: one coupon', async () => {
  const coupon_id = await template({ per_person: 1 });
  for (let i = 0; i < ROUNDS; i++) {
    const replies = await together([0, 1].map(() => wjb.spiRequest({ coupon_id, buyer_nicks: [`once-${i}`] })));
    const [a, b] = replies.map((r) => results(r)[0].coupon_number);
    assert.equal(a, b);
  }
  assert.equal(exported('coupons').filter((c) => c.template_id === String(coupon_id)).length, ROUNDS);
});

test('two upserts of one source_code: one campaign, whole', async () => {
  const row = (source_code, i) => ({
    source_code, code: source_code, name: `name ${i}`, type_code: `T${i}`, event_status: '1', start_date: '2025-03-01', end_date: '2025-03-31',
    register_url: 'https://example.com/', event_information: `about ${i}`,
  });
  for (let i = 0; i < ROUNDS; i++) {
    const replies = await together([0, 1].map((n) => waiqinRequest('addOrUpdateCampaign', row(`pair-${i}`, n))));
    for (const r of replies) assert.equal(r.json?.return_code, 0, r.text);
  }
  const there = exported('campaigns').filter((c) => c.source_code.startsWith('pair-'));
  assert.equal(there.length, ROUNDS);
  assert.equal(new Set(there.map((c) => c.source_code)).size, ROUNDS);
  for (const c of there) {
    const n = c.name.split(' ')[1];
    assert.deepEqual([c.type_code, c.information], [`T${n}`, `about ${n}`], 'fields of one writer');
  }
});

test('the last coupon of a total: one takes it', async () => {
  const last = [];
  for (let i = 0; i < ROUNDS; i++) last.push(await template({ total: 1 }));
  const takers = [0, 0];
  for (const [i, coupon_id] of last.entries()) {
    const replies = await together([0, 1].map((n) => wjb.spiRequest({ coupon_id, buyer_nicks: [`last-${i}-${n}`] })));
    const codes = replies.map((r) => results(r)[0].code);
    assert.deepEqual([...codes].sort((a, b) => a - b), [0, EXHAUSTED]);
    takers[codes.indexOf(0)]++;
  }
  const there = exported('coupons').filter((c) => last.includes(Number(c.template_id)));
  assert.equal(there.length, ROUNDS);
  console.log(`# taken by the first ${takers[0]} times, by the second ${takers[1]} times`);
});
