// SIGKILL under load: whatever was answered is there afterwards, and what was not answered can be sent again.
// SEED=n repeats a run's choices, ROUNDS=n sets how often the server is killed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Server } from '../js/server.mjs';
import { Client, exported, random, sleep, torn, verify, waiqinRequest } from '../js/e2e.mjs';
import { Waiqin } from '../js/waiqin.mjs';
import { Wjb } from '../js/wjb.mjs';

const SEED = Number(process.env.SEED ?? Date.now() % 1e9);
const ROUNDS = Number(process.env.ROUNDS ?? 20);
const CLIENTS = 8, NICKS = 400;
const choose = random(SEED);

let server;
before(async () => {
  console.log(`# SEED=${SEED}`);
  server = await Server.start({ args: ['--log-calls=false'] });
});
after(() => server?.close());

// --- what was acknowledged ---
const PER_PERSON = { 501: 1, 502: 2, 503: 1 }, TOTAL = { 503: 150 };
const truth = {
  coupons: new Map(), // code -> {template, nick}
  templates: new Map(), // id -> name
  activities: new Map(), // name -> id
  targets: new Map(), // id -> Set of nicks
  upserts: new Map(), // source_code -> {name, information} of the last answered
};
let serial = 0;
/** Some are large, so that the ledger's segments roll: one is 32 MiB, and the next is made when half is used. */
const memo = (rng) => 'x'.repeat(rng.below(rng.below(4) ? 60000 : 2000));
const json = (r) => {
  assert.equal(r.status, 200, r.text);
  assert.ok(r.json, r.text);
  return r.json;
};
const accepted = (r) => assert.equal(json(r).response.code, 0, r.text);

// --- what a client does: {request, took(reply)}; the same request is sent again when no answer came ---
function spi(rng, wjb) {
  const template = rng.pick([501, 501, 502, 503]);
  const nicks = Array.from({ length: 1 + rng.below(4) }, () => `nick-${rng.below(NICKS)}`);
  return {
    request: wjb.spiRequest({ coupon_id: template, buyer_nicks: nicks }),
    took(reply) {
      const { send_results: results } = json(reply).response;
      assert.deepEqual(results.map((r) => r.buyer_nick), nicks);
      for (const r of results) {
        if (r.code === 15 && TOTAL[template]) continue;
        assert.equal(r.code, 0, reply.text);
        const known = truth.coupons.get(r.coupon_number);
        if (known) assert.deepEqual(known, { template, nick: r.buyer_nick }, 'a code belongs to one');
        truth.coupons.set(r.coupon_number, { template, nick: r.buyer_nick });
      }
    },
  };
}
function couponAdd(rng, wjb) {
  const coupon_id = 100000 + ++serial, name = `t-${coupon_id}`;
  return {
    request: wjb.request('wjb.ump.coupon.add', { coupon: { coupon_id, name, memo: memo(rng) } }),
    took(reply) {
      accepted(reply);
      truth.templates.set(coupon_id, name);
    },
  };
}
function activityAdd(rng, wjb) {
  const name = `a-${++serial}`;
  return {
    request: wjb.request('wjb.ump.activity.add', { activity: { name, memo: memo(rng) } }),
    took(reply) {
      accepted(reply);
      truth.activities.set(name, json(reply).response.activity_id);
    },
  };
}
function targetAdd(rng, wjb) {
  const ids = [...truth.activities.values()];
  if (!ids.length) return activityAdd(rng, wjb);
  const activity_id = rng.pick(ids), nicks = Array.from({ length: 1 + rng.below(20) }, () => `nick-${rng.below(NICKS)}`);
  return {
    request: wjb.request('wjb.ump.activity.target.add', { targets: { activity_id, buyer_nicks: nicks } }),
    took(reply) {
      accepted(reply);
      if (!truth.targets.has(activity_id)) truth.targets.set(activity_id, new Set());
      for (const n of nicks) truth.targets.get(activity_id).add(n);
    },
  };
}
/** Each client has source codes of its own, so that the last answered write is the one to be seen. */
function upsert(rng, client) {
  const source_code = `wq-${client}-${rng.below(5)}`, name = `n-${++serial}`, information = `y${memo(rng)}`;
  return {
    request: waiqinRequest('addOrUpdateCampaign', {
      source_code, code: source_code, name, type_code: 'T1', event_status: '1', start_date: '2025-03-01', end_date: '2025-03-31',
      register_url: 'https://example.com/', event_information: information,
    }),
    took(reply) {
      assert.equal(json(reply).return_code, 0, reply.text);
      truth.upserts.set(source_code, { name, information });
    },
  };
}

/** Sends until the server dies; gives back the request that got no answer, if there is one. */
async function load(client, rng, port, stopped) {
  const wjb = new Wjb(port), connection = new Client(port);
  let answered = 0;
  try {
    while (!stopped.now) {
      const what = rng.below(10);
      const call = what < 4 ? spi(rng, wjb) : what < 5 ? couponAdd(rng, wjb) : what < 6 ? activityAdd(rng, wjb) : what < 8 ? targetAdd(rng, wjb) : upsert(rng, client);
      let reply;
      try {
        if (rng.below(30) === 0) { // a client that goes away in the middle; it asks again, the same request
          await torn(port, call.request, rng.below(2) ? Infinity : 1 + rng.below(300));
          if (stopped.now) return { call, answered };
        }
        reply = await connection.send(call.request);
      } catch {
        return { call, answered };
      }
      call.took(reply);
      answered++;
    }
    return { answered };
  } finally {
    connection.close();
  }
}

async function check(round) {
  const coupons = await exported(server.dir, 'coupons');
  const byCode = new Map(coupons.map((c) => [c.code, c]));
  assert.equal(byCode.size, coupons.length, 'no code twice');
  for (const [code, { template, nick }] of truth.coupons) {
    const there = byCode.get(code);
    assert.ok(there, `round ${round}: the coupon ${code} of ${nick} was acknowledged and is lost`);
    assert.deepEqual([there.template_id, there.nick], [String(template), nick]);
  }
  const held = new Map(), given = {};
  for (const c of coupons) {
    if (!PER_PERSON[c.template_id]) continue;
    const key = `${c.template_id} ${c.nick}`;
    held.set(key, (held.get(key) ?? 0) + 1);
    given[c.template_id] = (given[c.template_id] ?? 0) + 1;
    assert.ok(held.get(key) <= PER_PERSON[c.template_id], `${key} has too many`);
    // every request has been answered by now, some at the second try
    assert.ok(truth.coupons.has(c.code), `round ${round}: ${c.code} of ${key} was given to nobody`);
  }
  for (const [template, total] of Object.entries(TOTAL)) assert.ok((given[template] ?? 0) <= total);

  const templates = new Map((await exported(server.dir, 'templates')).map((t) => [Number(t.template_id), t.name]));
  for (const [id, name] of truth.templates) assert.equal(templates.get(id), name, `round ${round}: template ${id}`);

  const campaigns = await exported(server.dir, 'campaigns');
  const names = new Map();
  for (const c of campaigns) if (c.source_code.startsWith('wjb-')) names.set(c.name, [...(names.get(c.name) ?? []), Number(c.activity_id)]);
  for (const [name, id] of truth.activities) assert.deepEqual(names.get(name), [id], `round ${round}: activity ${name}, once`);
  assert.equal(names.size, truth.activities.size);
  const bySource = new Map(campaigns.map((c) => [c.source_code, c]));
  for (const [source, { name, information }] of truth.upserts)
    assert.deepEqual([bySource.get(source)?.name, bySource.get(source)?.information], [name, information], `round ${round}: ${source}`);
}
async function checkTargets() {
  const waiqin = new Waiqin(server);
  for (const [id, nicks] of truth.targets) {
    const [c] = await waiqin.query({ activity_source_code: `wjb-${id}` });
    const there = c.override_customer.map((p) => p.name);
    assert.equal(new Set(there).size, there.length);
    assert.deepEqual(there.sort(), [...nicks].sort(), `targets of ${id}`);
  }
}

test(`${ROUNDS} rounds`, { timeout: 240000 }, async () => {
  const setup = new Wjb(server.port);
  for (const id of Object.keys(PER_PERSON))
    await setup.ok('wjb.ump.coupon.add', { coupon: { coupon_id: Number(id), name: `t-${id}`, per_person: PER_PERSON[id], ...(TOTAL[id] ? { total: TOTAL[id] } : {}) } });

  let answered = 0, again = 0;
  for (let round = 1; round <= ROUNDS; round++) {
    const stopped = { now: false };
    const clients = Array.from({ length: CLIENTS }, (_, i) => load(i, random(SEED + round * 1000 + i), server.port, stopped));
    await sleep(20 + choose.below(300));
    await server.stop('SIGKILL');
    stopped.now = true;
    const ends = await Promise.all(clients);
    await server.run();

    const connection = new Client(server.port);
    for (const { call, answered: n } of ends) {
      answered += n;
      if (!call) continue;
      again++;
      const first = await connection.send(call.request), second = await connection.send(call.request);
      call.took(first);
      assert.equal(second.text, first.text, 'a retry gets the first answer');
    }
    connection.close();
    await check(round);
  }
  await checkTargets();
  console.log(`# ${answered} calls answered, ${again} sent again after a kill, ${truth.coupons.size} coupons, ${truth.activities.size} activities`);
  assert.ok(answered > ROUNDS * 10, 'the load was one');
  await verify(server.dir); // through the server
  assert.equal(await server.stop(), 0);
  const report = await verify(server.dir);
  assert.ok(report.entries > 0);
  console.log(`# ${report.bytes >> 20} MiB of ledger`);
});
