// Webhooks with real receivers: signatures, order per coupon, receivers that fail, never answer, redirect or die, and a server
// that is killed in the middle.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { BINARY, ON_POSTGRESQL, Server, cli, place } from '../js/server.mjs';
import { cutting } from '../js/cutting.mjs';
import { folder, random, sleep, until } from '../js/e2e.mjs';
import { Native, fresh } from '../js/native.mjs';
import { Receiver, disorder, verified } from '../js/receiver.mjs';

const ARGS = ['--allow-private-targets'];
const BOX = 'key-of-the-sandbox1';
let server, api, box;
const receivers = [];
const receiver = async (answer) => (receivers.push(await Receiver.start(answer)), receivers.at(-1));
const listen = (r, members = {}, by = api) => by.ok('POST', '/v1/webhooks', { url: r.url, ...members });
const log = async (w, query = '', by = api) => (await by.ok('GET', `/v1/webhooks/${w.id}/deliveries?limit=100${query}`)).data;
const shown = (w, by = api) => by.ok('GET', `/v1/webhooks/${w.id}`);
const issued = async (members = {}, by = api) => (await by.ok('POST', '/v1/coupons', { template_id: await by.template(), ...members })).coupons[0];
const sweep = async () => {
  for (const by of [api, box]) for (const w of (await by.ok('GET', '/v1/webhooks')).data) await by.ok('DELETE', `/v1/webhooks/${w.id}`);
};
const drop = async () => {
  await sweep();
  for (const r of receivers.splice(0)) await r.close();
};

before(async () => {
  server = await Server.start({ args: ARGS });
  await server.stop();
  cli('merchant', 'add', '--name=box', '--sandbox', `--data=${server.dir}`);
  cli('credential', 'add', `--data=${server.dir}`, '--merchant=2', '--dialect=native', `--id=${BOX}`);
  await server.run();
  api = new Native(server.port, 4);
  box = new Native(server.port, 4, BOX);
});
after(async () => {
  for (const r of receivers) await r.close();
  for (const a of [api, box]) a?.close();
  const status = await server?.stop();
  await server?.close();
  assert.equal(status, 0);
});

test('a message: signed, and in the words of the API', async () => {
  const r = await receiver();
  const w = await listen(r);
  const template_id = await api.template({ limits: { total: 1 } });
  const c = (await api.ok('POST', '/v1/coupons', { template_id, customer: { nick: 'webhook-01' }, reason: 'newcomer', operator: 'anna' })).coupons[0];
  await api.ok('POST', `/v1/coupons/${c.code}/redeem`, { order_no: 'O-1', amount_fen: 5000, shop: '01' });
  await until(() => r.taken.length === 4);
  const [issue, redeem] = ['coupon.issued', 'coupon.redeemed'].map((type) => r.taken.find((t) => t.message.type === type));
  for (const t of r.taken) {
    assert.deepEqual(verified(w.secret, t), t.message);
    assert.throws(() => verified(`whsec_${Buffer.alloc(32).toString('base64')}`, t));
    assert.match(t.id, /^evt_1\d{17}$/);
    assert.match(t.message.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00$/);
    assert.equal(t.headers['content-type'], 'application/json');
    assert.ok(Math.abs(Number(t.headers['webhook-timestamp']) - Date.now() / 1000) < 10);
  }
  // total 1: 80 and 100 percent are reached at once
  const limits = r.taken.filter((t) => t.message.type === 'template.limit').map((t) => t.message.data);
  assert.deepEqual(limits, [80, 100].map((percent) => ({ template_id, percent })));
  const coupon = await api.ok('GET', `/v1/coupons/${c.code}`);
  const data = ({ code, id, template_id, customer_id }) => ({ code, id, template_id, customer_id });
  for (const [t, event] of [[issue, coupon.events[0]], [redeem, coupon.events[1]]]) {
    assert.deepEqual(t.message.data.event, event);
    assert.deepEqual(data(t.message.data), data(coupon));
    assert.deepEqual([t.message.timestamp, t.message.data.state, t.message.data.revision], [event.at, event.state, event.revision]);
  }
  assert.equal(redeem.message.data.redemption_id, `${coupon.id}-2`);
  await drop();
});

test('every event that the API tells of a coupon stands in its message, word for word', async () => {
  const r = await receiver();
  await listen(r);
  const told = () => r.taken.filter((t) => t.message.type.startsWith('coupon.'));
  const c = await issued({ hold: true, customer: { nick: 'webhook-02' } });
  const verb = (name, body = {}, code = c.code) => api.ok('POST', `/v1/coupons/${code}/${name}`, { reason: `${name} "it"`, operator: '安娜', ...body });
  await verb('confirm');
  await verb('freeze', { until: '2098-01-01' });
  await verb('unfreeze');
  await verb('transfer', { customer: { nick: 'webhook-03' } });
  await verb('redeem', { order_no: fresh(), amount_fen: 9000, shop: 'A\n1' });
  await verb('reverse', { amount_fen: 4000, cause: 'refund' });
  await verb('reverse');
  const { new_code } = await verb('reissue');
  await verb('recall', {}, new_code);
  const free = await issued();
  await verb('assign', { customer: { nick: 'webhook-04' } }, free.code);
  await until(() => told().length === 13, 5000, 'all of it');
  for (const code of [c.code, new_code, free.code]) {
    const coupon = await api.ok('GET', `/v1/coupons/${code}`);
    const of = told().filter((t) => t.message.data.code === code).map((t) => t.message);
    assert.deepEqual(of.map((m) => m.data.event).filter(Boolean), coupon.events);
    assert.deepEqual(of.map((m) => m.type.slice(7)), [...(code === free.code ? ['issued'] : []), ...coupon.events.map((e) => e.kind)]);
  }
  assert.equal(told().find((t) => t.message.data.code === new_code).message.data.replaces, c.code);
  const customers = told().filter((t) => t.message.data.code === c.code).map((t) => t.message.data.customer_id);
  assert.equal(new Set(customers).size, 2); // whose it was then
  await drop();
});

test('while a secret is changed both sign', async () => {
  const r = await receiver();
  const w = await listen(r);
  const { secret } = await api.ok('POST', `/v1/webhooks/${w.id}/rotate`, { old_secret_seconds: 3 });
  await issued();
  await until(() => r.taken.length === 1);
  for (const s of [w.secret, secret]) verified(s, r.taken[0]);
  await sleep(3100);
  await issued();
  await until(() => r.taken.length === 2);
  verified(secret, r.taken[1]);
  assert.throws(() => verified(w.secret, r.taken[1]));
  await drop();
});

test('a receiver that fails every third time gets all, in the order of each coupon', { timeout: 90000 }, async () => {
  // None more than twice: the waits between tries grow fast.
  const failed = new Map();
  const fails = (id) => (failed.get(id) ?? 0) < 2 && failed.set(id, (failed.get(id) ?? 0) + 1);
  const r = await receiver((q, n) => (n % 3 === 0 && fails(q.id) ? { status: 500, body: 'not now' } : undefined));
  await listen(r);
  const template_id = await api.template();
  const codes = await api.codes(template_id, 12);
  await Promise.all(codes.map(async (code) => {
    for (const verb of ['freeze', 'unfreeze', 'freeze', 'unfreeze']) await api.ok('POST', `/v1/coupons/${code}/${verb}`);
    await api.ok('POST', `/v1/coupons/${code}/redeem`, { order_no: fresh() });
  }));
  await until(() => new Set(r.taken.map((t) => t.id)).size === 12 * 6, 80000, 'all of it');
  assert.deepEqual(disorder(r.taken), []);
  const bodies = new Map();
  for (const t of r.requests) {
    assert.equal(bodies.get(t.id) ?? t.body, t.body);
    bodies.set(t.id, t.body);
  }
  assert.ok(r.requests.length > 12 * 6);
  await drop();
});

test('a receiver that never answers slows nobody else', async () => {
  const dead = await receiver(() => null), good = await receiver();
  const slow = await listen(dead), w = await listen(good);
  const template_id = await api.template();
  await api.codes(template_id, 500);
  const begin = Date.now();
  await until(() => good.taken.length === 500, 10000, 'the other one');
  assert.ok(Date.now() - begin < 5000);
  assert.ok(dead.requests.length <= 8, `${dead.requests.length} calls to it at once`);
  await until(async () => (await log(w, '&state=waiting')).length === 0, 5000, 'its log');
  assert.ok((await log(slow, '&state=waiting')).length > 0);
  await drop();
});

/** What /metrics says of deliveries. */
async function counted() {
  const text = await (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text();
  const of = (name) => Number(new RegExp(`^couponry_deliveries_${name} (\\S+)$`, 'm').exec(text)[1]);
  return { waiting: of('waiting'), oldest: of('oldest_seconds'), delivered: of('total\\{outcome="delivered"\\}'), failed: of('total\\{outcome="failed"\\}') };
}
test('what waits, since when, and what was tried stand in /metrics', async () => {
  let down = true;
  await until(async () => (await counted()).waiting === 0, 5000, 'nothing');
  const before = await counted();
  const r = await receiver(() => (down ? { status: 500 } : undefined));
  await listen(r);
  await api.codes(await api.template(), 20);
  await until(async () => (await counted()).waiting === 20, 5000, 'what waits');
  await until(async () => (await counted()).oldest >= 2, 8000, 'its age');
  down = false;
  await until(async () => (await counted()).waiting === 0, 40000, 'the rest');
  const { oldest, delivered, failed } = await counted();
  assert.deepEqual([oldest, delivered - before.delivered], [0, 20]);
  assert.equal(failed - before.failed, r.requests.length - 20);
  await drop();
});

test('the connection ends at every step of a message: it comes again, until it is answered', { timeout: 60000 }, async (t) => {
  const cuts = [0, 1, 20, 100, 200, 300, 400, 500, 600].map((there) => ({ there }));
  cuts.push(...[0, 1, 9, 20, 60, 90].map((back) => ({ back })));
  const r = await receiver(() => ({ body: 'taken' }));
  const hooks = [];
  for (const [i, c] of cuts.entries()) {
    const proxy = await cutting(new URL(r.url).port, c);
    t.after(() => proxy.close());
    hooks.push({ proxy, path: `/${i}`, ...(await listen({ url: `http://127.0.0.1:${proxy.address().port}/${i}` })) });
  }
  await issued();
  for (const w of hooks) await until(async () => (await log(w))[0]?.state === 'delivered', 20000, `the one of ${w.path}`);
  for (const w of hooks) {
    const [d] = await log(w), taken = r.taken.filter((q) => q.path === w.path);
    assert.ok(taken.length >= 1, `${w.path} was taken`);
    for (const q of taken) assert.equal(verified(w.secret, q).type, 'coupon.issued');
    assert.equal(new Set(taken.map((q) => q.id + q.body)).size, 1, 'the same message each time');
    assert.ok(d.tries <= 2, `${w.path} was tried ${d.tries} times`);
  }
  assert.ok(hooks.filter((w) => w.proxy.state.cuts).length > cuts.length / 2);
  await drop();
});

test('redirects are not followed; Retry-After is waited for', async () => {
  const other = await receiver();
  const r = await receiver((q, n) => (n === 1 ? { status: 302, headers: { location: other.url } } : n === 2 ? { status: 503, headers: { 'retry-after': '3' }, body: 'back\u0000 soon\n' } : undefined));
  const w = await listen(r);
  await issued();
  await until(() => r.requests.length === 2, 5000, 'the second try');
  await until(async () => (await log(w))[0].tries === 2, 5000, 'its record');
  const [d] = await log(w);
  assert.deepEqual([d.state, d.status, d.answer], ['waiting', 503, 'back? soon ']);
  assert.ok(Date.parse(d.next_try_at) - Date.parse(d.tried_at) >= 2000);
  await until(() => r.taken.length === 1, 10000, 'the third try');
  assert.ok(r.requests[2].at - r.requests[1].at >= 2900);
  assert.equal(r.requests[0].body, r.requests[2].body);
  assert.equal(other.requests.length, 0);
  await until(async () => (await log(w))[0].state === 'delivered', 5000, 'its record');
  assert.deepEqual([(await log(w))[0].tries, (await log(w))[0].status], [3, 200]);
  await drop();
});

test('410: suspended, and resumed by hand', async () => {
  let gone = true;
  const r = await receiver(() => (gone ? { status: 410 } : undefined)), other = await receiver();
  const w = await listen(r), o = await listen(other, { events: ['webhook.suspended'] });
  await issued();
  await until(async () => (await shown(w)).suspended_at, 5000, 'the suspension');
  await until(() => other.taken.length === 1, 5000, 'a notice');
  assert.deepEqual(other.taken[0].message.data, { webhook_id: w.id });
  await issued(); // not kept for it
  assert.equal(r.requests.length, 1);
  gone = false;
  await api.ok('POST', `/v1/webhooks/${w.id}/resume`);
  await until(() => r.taken.length === 2, 5000, 'what waited');
  assert.deepEqual(r.taken.map((t) => t.message.type).sort(), ['coupon.issued', 'webhook.suspended']);
  assert.deepEqual([(await shown(w)).suspended_at, (await shown(w)).failing_since], [undefined, undefined]);
  assert.equal((await log(o)).length, 1);
  await drop();
});

test('who fails for long is suspended, and loses nothing of what waited', async () => {
  let down = true;
  const r = await receiver(() => (down ? { status: 500 } : undefined));
  const w = await listen(r, {}, box);
  await issued({}, box);
  await until(async () => (await shown(w, box)).failing_since, 5000, 'a failure');
  await box.ok('POST', '/v1/merchant/clock', { advance_seconds: 20 * 3600 });
  await until(async () => (await log(w, '', box))[0].tries >= 2, 10000, 'a try after a day');
  assert.equal((await shown(w, box)).suspended_at, undefined);
  await box.ok('POST', '/v1/merchant/clock', { advance_seconds: 17 * 3600 });
  await until(async () => (await shown(w, box)).suspended_at, 10000, 'the suspension');
  const tries = r.requests.length;
  await box.ok('POST', '/v1/merchant/clock', { advance_seconds: 48 * 3600 });
  await sleep(300);
  assert.equal(r.requests.length, tries);
  down = false;
  await box.ok('POST', `/v1/webhooks/${w.id}/resume`);
  await until(() => r.taken.length === 2, 5000, 'what waited');
  // a month later the log is empty
  await box.ok('POST', '/v1/merchant/clock', { advance_seconds: 31 * 24 * 3600 });
  await until(async () => (await log(w, '', box)).length === 0, 10000, 'forgetting');
  await drop();
});

test('resend: the same bytes under the same id', async () => {
  const r = await receiver();
  const w = await listen(r);
  await issued();
  await until(async () => (await log(w))[0]?.state === 'delivered', 5000, 'the first');
  const [{ event_id }] = await log(w);
  await api.ok('POST', `/v1/webhooks/${w.id}/resend`, { event_id });
  await until(() => r.taken.length === 2, 5000, 'the second');
  assert.deepEqual([r.taken[1].id, r.taken[1].body], [event_id, r.taken[0].body]);
  verified(w.secret, r.taken[1]);
  await drop();
});

test('another URL takes what waits; one that is deleted hears nothing more', async () => {
  const first = await receiver(() => ({ status: 500 })), second = await receiver();
  const w = await listen(first);
  await issued();
  await until(() => first.requests.length >= 1, 5000, 'a try');
  await api.ok('PATCH', `/v1/webhooks/${w.id}`, { url: second.url });
  await until(() => second.taken.length === 1, 5000, 'what waited');
  await api.ok('DELETE', `/v1/webhooks/${w.id}`);
  await issued();
  await sleep(300);
  assert.equal(second.requests.length, 1);
  await drop();
});

test('what was read for another URL or another secret is not sent any more', async () => {
  const slow = () => sleep(60);
  const first = await receiver(slow), second = await receiver(slow);
  const w = await listen(first);
  const c = await issued();
  for (let i = 0; i < 8; i++) await api.ok('POST', `/v1/coupons/${c.code}/${i % 2 ? 'unfreeze' : 'freeze'}`);
  await until(() => first.requests.length >= 1, 5000, 'the first message');
  const { secret } = await api.ok('POST', `/v1/webhooks/${w.id}/rotate`, { old_secret_seconds: 0 });
  await api.ok('PATCH', `/v1/webhooks/${w.id}`, { url: second.url });
  const before = first.requests.length;
  await until(() => new Set([...first.taken, ...second.taken].map((t) => t.id)).size === 9, 5000, 'all of it');
  assert.ok(first.requests.length <= before + 1 && second.taken.length >= 4, `${first.requests.length} and ${second.requests.length}`);
  for (const t of second.taken) verified(secret, t);
  assert.deepEqual(disorder([...first.taken, ...second.taken]), []);
  await drop();
});

// ---- dying

/** A receiver that is a process of its own and writes down what it takes. */
class Mortal {
  constructor(port, file, secret) {
    Object.assign(this, { port, file, secret });
    writeFileSync(file, '');
  }
  async start() {
    const program = fileURLToPath(new URL('../js/receiver.mjs', import.meta.url));
    this.process = spawn(process.execPath, [program, String(this.port), this.file, this.secret], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(this.process.stdout, 'data');
  }
  async kill() {
    const gone = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await gone;
  }
  taken() {
    // The last line of one that was killed may be torn.
    return readFileSync(this.file, 'utf8').split('\n').slice(0, -1).flatMap((line) => {
      try {
        return [JSON.parse(line)];
      } catch {
        return [];
      }
    });
  }
}
const freePort = async () => {
  const r = await Receiver.start();
  const { port } = r.server.address();
  await r.close();
  return port;
};

/** Uses coupons again and again until `end`; the redemptions that were acknowledged. */
async function useCoupons(ports, codes, end) {
  const done = [];
  await Promise.all(codes.map(async (code) => {
    for (const pick = random(codes.indexOf(code) + 1); Date.now() < end(); ) {
      const by = new Native(ports(pick));
      try {
        const r = await by.post(`/v1/coupons/${code}/redeem`, { order_no: fresh() }, { number: fresh() });
        if (r.status === 200) done.push(r.json.redemption_id);
      } catch {}
      by.close();
      await sleep(5 + pick.below(20));
    }
  }));
  return done;
}
function check(taken, done) {
  assert.deepEqual(disorder(taken), []);
  const bodies = new Map();
  for (const t of taken) {
    assert.equal(bodies.get(t.id) ?? t.body, t.body);
    bodies.set(t.id, t.body);
  }
  const told = new Set(taken.map((t) => t.message.data.redemption_id));
  assert.deepEqual(done.filter((id) => !told.has(id)), []);
  assert.equal(new Set(taken.map((t) => t.id)).size, told.size); // one id for one event
}

test('killed in the middle: the server and the receiver', { timeout: 120000 }, async (t) => {
  const files = folder('webhooks'), mine = await Server.start({ args: ARGS });
  const mortal = new Mortal(await freePort(), files.at('taken'), '');
  t.after(() => mortal.process?.kill('SIGKILL'));
  t.after(() => mine.stop('SIGKILL'));
  let client = new Native(mine.port);
  const w = await client.ok('POST', '/v1/webhooks', { url: `http://127.0.0.1:${mortal.port}/`, events: ['coupon.redeemed'] });
  mortal.secret = w.secret;
  await mortal.start();
  const codes = await client.codes(await client.template({ limits: { uses_per_coupon: 100 } }), 8);
  client.close();
  const pick = random(20);
  let end = Infinity;
  const working = useCoupons(() => mine.port, codes, () => end);
  t.after(() => (end = 0));
  for (let i = 0; i < 6; i++) {
    await sleep(200 + pick.below(500));
    if (i % 2) {
      await mortal.kill();
      await sleep(pick.below(300));
      await mortal.start();
    } else {
      await mine.stop('SIGKILL');
      await mine.run();
    }
  }
  end = Date.now() + 300;
  const done = await working;
  assert.ok(done.length > 30, `${done.length} redemptions`);
  client = new Native(mine.port);
  await until(async () => (await client.ok('GET', `/v1/webhooks/${w.id}/deliveries?state=waiting`)).data.length === 0, 60000, 'all of it');
  client.close();
  check(mortal.taken(), done);
  await mortal.kill();
  await mine.close();
  files.remove();
});

test('two couriers, one of which is killed, share the work', { timeout: 120000, skip: !ON_POSTGRESQL && 'a store that several may open' }, async (t) => {
  const files = folder('couriers'), mine = await Server.start({ args: [...ARGS, '--courier=false'] });
  const mortal = new Mortal(await freePort(), files.at('taken'), '');
  t.after(() => mortal.process?.kill('SIGKILL'));
  t.after(() => mine.stop('SIGKILL'));
  const client = new Native(mine.port);
  const w = await client.ok('POST', '/v1/webhooks', { url: `http://127.0.0.1:${mortal.port}/`, events: ['coupon.redeemed'] });
  mortal.secret = w.secret;
  await mortal.start();
  const codes = await client.codes(await client.template({ limits: { uses_per_coupon: 100 } }), 8);
  const courier = async () => {
    const p = spawn(BINARY, ['courier', ...place(mine.dir), '--allow-private-targets'], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(p.stdout, 'data');
    return p;
  };
  const end = Date.now() + 8000;
  const couriers = [await courier(), await courier()];
  t.after(() => couriers.forEach((p) => p.kill('SIGKILL')));
  const working = useCoupons(() => mine.port, codes, () => end);
  for (let i = 0; i < 3; i++) {
    await sleep(1500);
    const gone = once(couriers[i % 2], 'exit');
    couriers[i % 2].kill('SIGKILL');
    await gone;
    couriers[i % 2] = await courier();
  }
  const done = await working;
  await until(async () => (await client.ok('GET', `/v1/webhooks/${w.id}/deliveries?state=waiting`)).data.length === 0, 60000, 'all of it');
  check(mortal.taken(), done);
  for (const p of couriers) {
    const gone = once(p, 'exit');
    p.kill('SIGTERM');
    assert.deepEqual(await gone, [0, null]);
  }
  client.close();
  await mortal.kill();
  await mine.close();
  files.remove();
});
