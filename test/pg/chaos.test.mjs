// Nodes and the database are killed at random while all are under load: what was answered is there afterwards, no limit
// is passed, nothing is done twice. A request without an answer, or with "busy", is sent again as it is, to whichever
// node. Run by tools/with-postgresql. SEED=n repeats the choices (an even one: nodes that know each other), SECONDS=n sets how long it goes on.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, csvObjects, random, sleep, waiqinRequest } from '../js/e2e.mjs';
import { Server, cli } from '../js/server.mjs';
import { Wjb } from '../js/wjb.mjs';

const SEED = Number(process.env.SEED ?? Date.now() % 1e9), SECONDS = Number(process.env.SECONDS ?? 30);
const NODES = 2, CLIENTS = 8, NICKS = 300, EXHAUSTED = 15;
const PER_PERSON = { 501: 1, 502: 3, 503: 1 }, TOTAL = { 503: 120 };
const HOME = process.env.COUPONRY_TEST_POSTGRESQL;
const BIN = '/usr/lib/postgresql/' + readdirSync('/usr/lib/postgresql').sort((a, b) => a - b).at(-1) + '/bin';
const wjb = new Wjb(0); // signs
let root, dir, nodes, clients = [];

before(async () => {
  console.log(`# SEED=${SEED}`);
  root = mkdtempSync(join(tmpdir(), 'couponry-chaos-'));
  dir = join(root, 'data');
  cli('demo', `--data=${dir}`);
  nodes = [];
  for (let i = 0; i < NODES; i++) nodes.push(await Server.start({ dir, demo: false, known: SEED % 2 === 0, args: ['--log-calls=false'] }));
});
after(async () => {
  for (const c of clients) c.close();
  for (const n of nodes ?? []) await n.close();
  if (root) rmSync(root, { recursive: true, force: true });
});

// --- the database ---
/** Runs until it takes connections; a kill may leave much to replay. */
function startDatabase() {
  const { uid, gid } = statSync(join(HOME, 'data'));
  const options = `-c listen_addresses='' -c unix_socket_directories=${HOME} -c max_connections=200`;
  execFileSync(`${BIN}/pg_ctl`, ['-D', join(HOME, 'data'), '-l', join(HOME, 'data', 'log'), '-w', '-o', options, 'start'],
    { ...(process.getuid() === 0 ? { uid, gid } : {}), cwd: '/', stdio: 'ignore' });
}
const stat = (pid) => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' '); // state, parent, ..
  } catch {
    return ['X', '0'];
  }
};
/** SIGKILL for the postmaster and all that it has started. */
async function killDatabase() {
  const file = join(HOME, 'data', 'postmaster.pid');
  const postmaster = Number(readFileSync(file, 'utf8').split('\n')[0]);
  process.kill(postmaster, 'SIGSTOP'); // it starts nobody else
  const children = readdirSync('/proc').filter((p) => /^\d+$/.test(p) && Number(stat(p)[1]) === postmaster).map(Number);
  assert.ok(children.length > 0);
  for (const pid of [postmaster, ...children]) process.kill(pid, 'SIGKILL');
  for (const pid of [postmaster, ...children]) while (!'XZ'.includes(stat(pid)[0])) await sleep(5);
  // Where nobody waits for dead processes they look alive to a server that reads these.
  for (const lock of [file, join(HOME, '.s.PGSQL.5432.lock')]) rmSync(lock, { force: true });
}

// --- what was answered ---
const truth = {
  coupons: new Map(), // code -> {template, nick}
  templates: new Map(), // id -> name
  activities: new Map(), // name -> id
  targets: new Map(), // id -> Set of nicks
  upserts: new Map(), // source_code -> name of the last answered
};
let serial = 0, answered = 0, again = 0;

function spi(rng) {
  const template = rng.pick([501, 501, 502, 503]);
  const nicks = Array.from({ length: 1 + rng.below(4) }, () => `nick-${rng.below(NICKS)}`);
  const took = ({ response }, text) => {
    assert.deepEqual(response.send_results.map((r) => r.buyer_nick), nicks);
    for (const r of response.send_results) {
      if (r.code === EXHAUSTED && TOTAL[template]) continue;
      assert.equal(r.code, 0, text);
      const known = truth.coupons.get(r.coupon_number);
      if (known) assert.deepEqual(known, { template, nick: r.buyer_nick }, 'a code belongs to one');
      truth.coupons.set(r.coupon_number, { template, nick: r.buyer_nick });
    }
  };
  return { request: wjb.spiRequest({ coupon_id: template, buyer_nicks: nicks }), took };
}
function couponAdd() {
  const coupon_id = 100000 + ++serial, name = `t-${coupon_id}`;
  return { request: wjb.request('wjb.ump.coupon.add', { coupon: { coupon_id, name } }), took: () => truth.templates.set(coupon_id, name) };
}
function activityAdd() {
  const name = `a-${++serial}`;
  return { request: wjb.request('wjb.ump.activity.add', { activity: { name } }), took: ({ response }) => truth.activities.set(name, response.activity_id) };
}
function targetAdd(rng) {
  const ids = [...truth.activities.values()];
  if (!ids.length) return activityAdd();
  const activity_id = rng.pick(ids), nicks = Array.from({ length: 1 + rng.below(10) }, () => `nick-${rng.below(NICKS)}`);
  const took = () => {
    truth.targets.set(activity_id, new Set([...(truth.targets.get(activity_id) ?? []), ...nicks]));
  };
  return { request: wjb.request('wjb.ump.activity.target.add', { targets: { activity_id, buyer_nicks: nicks } }), took };
}
/** Each client has source codes of its own, so that the last answered write is the one to be seen. */
function upsert(rng, client) {
  const source_code = `wq-${client}-${rng.below(4)}`, name = `n-${++serial}`;
  const object = { source_code, code: source_code, name, type_code: 'T1', event_status: '1', start_date: '2025-03-01', end_date: '2025-03-31',
    register_url: 'https://example.com/', event_information: `about ${name}` };
  return { request: waiqinRequest('addOrUpdateCampaign', object), took: () => truth.upserts.set(source_code, name) };
}
function plan(rng, client) {
  const what = rng.below(10);
  return what < 5 ? spi(rng) : what < 6 ? couponAdd() : what < 7 ? activityAdd() : what < 8 ? targetAdd(rng) : upsert(rng, client);
}

// --- load ---
const connections = new Map(); // port -> Client
function connection(node) {
  if (!connections.has(node.port)) {
    connections.set(node.port, new Client(node.port, CLIENTS));
    clients.push(connections.get(node.port));
  }
  return connections.get(node.port);
}
const isBusy = ({ json, text }) => json?.response?.code === 10 || (json?.return_code === 1 && /server busy/.test(text));

/** Until there is an answer that is one. */
async function insist(rng, call) {
  for (const end = Date.now() + 60000; Date.now() < end; again++, await sleep(20)) {
    let reply;
    try {
      reply = await connection(rng.pick(nodes)).send(call.request);
    } catch {
      continue; // the node is away, or went in the middle
    }
    if (isBusy(reply)) continue;
    assert.equal(reply.status, 200, reply.text);
    assert.equal(Number(reply.json?.response?.code ?? reply.json?.return_code), 0, reply.text);
    call.took(reply.json, reply.text);
    answered++;
    return;
  }
  throw new Error('no answer in a minute');
}
async function load(client, until) {
  const rng = random(SEED + 1000 * (client + 1));
  while (Date.now() < until) await insist(rng, plan(rng, client));
}

// --- trouble ---
const kills = { node: 0, database: 0, both: 0 };
async function killNode(choose) {
  const node = choose.pick(nodes);
  await node.stop('SIGKILL');
  await sleep(choose.below(400));
  await node.run();
}
async function killBase(choose) {
  await killDatabase();
  await sleep(choose.below(600));
  startDatabase();
}
async function trouble(until) {
  const choose = random(SEED);
  while (Date.now() < until) {
    await sleep(200 + choose.below(1500));
    const what = choose.pick(['node', 'node', 'database', 'database', 'both']);
    kills[what]++;
    if (what === 'node') await killNode(choose);
    if (what === 'database') await killBase(choose);
    if (what === 'both') {
      const node = choose.pick(nodes);
      await Promise.all([node.stop('SIGKILL'), killDatabase()]);
      startDatabase();
      await node.run();
    }
  }
}

// --- what is there ---
const exported = (kind) => csvObjects(cli('export', kind, `--data=${dir}`));
function checkCoupons() {
  const coupons = exported('coupons'), byCode = new Map(coupons.map((c) => [c.code, c])), held = {}, given = {};
  assert.equal(byCode.size, coupons.length, 'no code twice');
  for (const [code, { template, nick }] of truth.coupons) {
    assert.ok(byCode.has(code), `the coupon ${code} of ${nick} was acknowledged and is lost`);
    assert.deepEqual([byCode.get(code).template_id, byCode.get(code).nick], [String(template), nick]);
  }
  for (const c of coupons.filter((row) => PER_PERSON[row.template_id])) {
    const key = `${c.template_id} ${c.nick}`;
    held[key] = (held[key] ?? 0) + 1;
    given[c.template_id] = (given[c.template_id] ?? 0) + 1;
    assert.ok(held[key] <= PER_PERSON[c.template_id], `${key} has too many`);
    assert.ok(truth.coupons.has(c.code), `${c.code} of ${key} was given to nobody`);
  }
  for (const [template, total] of Object.entries(TOTAL)) assert.ok((given[template] ?? 0) <= total, `${given[template]} of ${total}`);
}
async function checkCampaigns() {
  const campaigns = exported('campaigns'), names = new Map(), bySource = new Map(campaigns.map((c) => [c.source_code, c]));
  for (const c of campaigns) if (c.source_code.startsWith('wjb-')) names.set(c.name, [...(names.get(c.name) ?? []), Number(c.activity_id)]);
  for (const [name, id] of truth.activities) assert.deepEqual(names.get(name), [id], `activity ${name}, once`);
  assert.equal(names.size, truth.activities.size);
  for (const [source, name] of truth.upserts) assert.equal(bySource.get(source)?.name, name, source);
  assert.equal(campaigns.filter((c) => c.source_code.startsWith('wq-')).length, truth.upserts.size);
  for (const [id, nicks] of truth.targets) {
    const { json } = await connection(nodes[0]).send(waiqinRequest('queryCampaign', { activity_source_code: `wjb-${id}` }));
    const there = JSON.parse(json.response_data)[0].override_customer.map((p) => p.name);
    assert.deepEqual(there.sort(), [...nicks].sort(), `targets of ${id}, each once`);
  }
}

test(`nodes and database are killed for ${SECONDS} s`, { timeout: (SECONDS + 90) * 1000 }, async () => {
  const first = random(SEED + 7);
  for (const [id, per_person] of Object.entries(PER_PERSON)) {
    const coupon = { coupon_id: Number(id), name: `t-${id}`, per_person, ...(TOTAL[id] ? { total: TOTAL[id] } : {}) };
    await insist(first, { request: wjb.request('wjb.ump.coupon.add', { coupon }), took() {} });
  }
  const until = Date.now() + SECONDS * 1000;
  await Promise.all([trouble(until), ...Array.from({ length: CLIENTS }, (_, i) => load(i, until))]);
  checkCoupons();
  await checkCampaigns();
  const templates = new Map(exported('templates').map((t) => [Number(t.template_id), t.name]));
  for (const [id, name] of truth.templates) assert.equal(templates.get(id), name);
  const report = JSON.parse(cli('ledger', 'verify', `--data=${dir}`, '--output=json'));
  console.log(`# ${answered} calls answered, ${again} tries more; killed: ${JSON.stringify(kills)}; ${truth.coupons.size} coupons, ` +
    `${truth.activities.size} activities, ${report.entries} entries`);
  assert.ok(answered > SECONDS * 10, 'the load was one');
  assert.ok(kills.node + kills.both > 0 && kills.database + kills.both > 0, 'so was the trouble');
});
