// Promises of providers: whatever the provider, the network or a crash does, each is sent once, refused, or known to be unknown.
// The provider's own book, keyed by request_id, is the witness.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { BINARY, Server, cli, ON_POSTGRESQL, place } from '../js/server.mjs';
import { Native } from '../js/native.mjs';
import { CREDENTIAL, MANNERS, Provider } from '../js/provider.mjs';
import { DEMO } from '../js/wjb.mjs';
import { cutting } from '../js/cutting.mjs';
import { folder, random, sleep, until } from '../js/e2e.mjs';

const SEED = Number(process.env.SEED ?? Date.now() % 100000);
const PRIVATE = '--allow-private-targets';
const KEY = 'key-of-the-sandbox1';

/** Whatever a test starts ends with it, also when it fails. */
const ending = (t, thing) => (t?.after(() => thing.close()), thing);
const provide = async (t, options, port) => ending(t, await new Provider(options).listen(port));
const native = (t, server) => ending(t, new Native(server.port, 4, KEY));

/** A server with a sandbox merchant, whose clock makes the next try come. */
async function sandbox(t, args = [PRIVATE]) {
  const server = ending(t, await Server.start({ args }));
  await server.stop();
  cli('merchant', 'add', '--name=box', '--sandbox', `--data=${server.dir}`);
  cli('credential', 'add', `--data=${server.dir}`, '--merchant=2', '--dialect=native', `--id=${KEY}`);
  await server.run();
  return server;
}
const promise = async (api, template_id, nicks) => (await api.ok('POST', '/v1/coupons', { template_id, customers: nicks.map((nick) => ({ nick })) })).coupons;
const show = (api, code) => api.ok('GET', `/v1/coupons/${code}`);
const advance = (api, seconds) => api.ok('POST', '/v1/merchant/clock', { advance_seconds: seconds });
/** Lets time pass until no errand waits. */
async function drain(api, seconds = 1200, ms = 60000) {
  await until(async () => {
    if ((await api.ok('GET', '/v1/providers?limit=100')).data.every((p) => p.waiting === 0)) return true;
    await advance(api, seconds);
    await sleep(150);
    return false;
  }, ms, 'the end of all errands');
}
/** What the coupons say against what the book says. Returns how many of each. */
async function compare(api, made, book) {
  const counts = { sent: 0, refused: 0, unknown: 0 };
  for (const { code, nick } of made) {
    const coupon = await show(api, code);
    const issued = book.get(nick) ?? [];
    const state = coupon.delivery.state;
    assert.ok(issued.length <= 1, `${nick} got ${issued.length}`);
    assert.ok(state in counts, `${nick} is ${state}`);
    counts[state]++;
    if (state === 'sent') assert.deepEqual([coupon.state, coupon.code], ['unused', issued[0]?.number], nick);
    if (state === 'refused') assert.deepEqual([coupon.state, issued.length], ['recalled', 0], nick);
    if (state === 'unknown') assert.deepEqual([coupon.state, coupon.held], ['frozen', true], nick);
  }
  return counts;
}

let server, api;
before(async () => {
  server = await sandbox();
  api = new Native(server.port, 4, KEY);
});
after(async () => {
  api?.close();
  const status = await server?.stop();
  await server?.close();
  assert.equal(status, 0);
});

// ---- one provider for each bad manner: it shows it at the first call, then behaves

test('every bad manner, then good ones: each promise is kept once', async (t) => {
  const names = Object.keys(MANNERS);
  const providers = await Promise.all(names.map((name) => provide(t, { manners: ({ n }) => (n === 0 ? name : 'well'), refuses: (nick) => (nick.endsWith('3') ? 'no threes' : undefined) })));
  const made = await Promise.all(
    providers.map(async (p, i) => {
      const nicks = [1, 2, 3].map((k) => `${names[i]}-${k}`);
      const coupons = await promise(api, await api.template({ provider: p.endpoint }), nicks);
      return coupons.map((c, k) => ({ code: c.code, nick: nicks[k] }));
    }),
  );
  await sleep(500);
  await drain(api);
  for (const [i, p] of providers.entries()) {
    const counts = await compare(api, made[i], p.issued());
    assert.deepEqual([names[i], counts], [names[i], { sent: 2, refused: 1, unknown: 0 }]);
    assert.equal(new Set(p.calls.map((c) => c.request_id)).size, 1, names[i]);
    assert.equal(new Set(p.calls.map((c) => c.body)).size, 1, names[i]);
    assert.ok(p.calls.length <= (['well', 'slow', 'twice'].includes(names[i]) ? 1 : 3), `${names[i]}: ${p.calls.length} calls`);
    assert.deepEqual(p.wrong, []);
  }
});

test('one that never behaves: its promises end on the list of the unknown, nobody else\'s do', async (t) => {
  const bad = await provide(t, { manners: () => 'drop_after' });
  const good = await provide(t);
  const lost = await promise(api, await api.template({ provider: bad.endpoint }), ['lost-1', 'lost-2']);
  const kept = await promise(api, await api.template({ provider: good.endpoint }), ['kept-1']);
  await drain(api, 1200, 60000);
  assert.deepEqual(await compare(api, [{ code: kept[0].code, nick: 'kept-1' }], good.issued()), { sent: 1, refused: 0, unknown: 0 });
  const of_lost = lost.map((c, i) => ({ code: c.code, nick: `lost-${i + 1}` }));
  assert.deepEqual(await compare(api, of_lost, bad.issued()), { sent: 0, refused: 0, unknown: 2 });
  assert.equal(bad.calls.length, 12);
  // it has issued them all along: asking again finds out
  const { errand_id } = (await show(api, lost[0].code)).delivery;
  bad.manners = () => 'well';
  await api.ok('POST', `/v1/errands/${errand_id}/ask`, {});
  await drain(api, 600);
  assert.deepEqual(await compare(api, of_lost, bad.issued()), { sent: 2, refused: 0, unknown: 0 });
});

test('a provider that never answers slows nobody else', async (t) => {
  const silent = await provide(undefined, { manners: () => 'silent' });
  const good = await provide(t);
  const theirs = await api.template({ provider: silent.endpoint });
  for (let i = 0; i < 12; i++) await promise(api, theirs, [`silent-${i}`]);
  await until(() => silent.calls.length === 8, 5000, 'eight calls in flight');
  const began = Date.now();
  const [kept] = await promise(api, await api.template({ provider: good.endpoint }), ['quick-1']);
  await until(async () => (await show(api, kept.code)).delivery.state === 'sent', 2000, 'the other provider\'s coupon');
  assert.ok(Date.now() - began < 2000);
  assert.equal(silent.calls.length, 8);
  await silent.close(); // they are dropped, and it is gone: never sent, so they wait
  await sleep(300);
  await advance(api, 3600);
  await sleep(300);
  const [provider] = (await api.ok('GET', '/v1/providers?limit=100')).data.filter((p) => p.url === silent.url);
  assert.ok(provider.failures >= 5 && provider.waiting === 12, JSON.stringify(provider));
  const back = await provide(t, {}, silent.port);
  await drain(api, 600);
  assert.equal([...back.issued().values()].filter((l) => l.length === 1).length, 12);
});

// ---- the connection is cut after every few bytes, both ways

test('the connection ends at every step of a call', async (t) => {
  const cuts = [0, 1, 10, 100, 250, 400, 450, 500, 520, 530, 540, 550, 560, 570, 580].map((there) => ({ there }));
  cuts.push(...[0, 1, 16, 60, 120, 160, 200, 220, 240, 260].map((back) => ({ back })));
  const provider = await provide(t);
  const proxies = await Promise.all(cuts.map(async (c) => ending(t, await cutting(provider.port, c))));
  const made = await Promise.all(
    proxies.map(async (p, i) => {
      const url = `http://127.0.0.1:${p.address().port}/provide`;
      const nick = `cut-${i}`;
      const [c] = await promise(api, await api.template({ provider: { url, ...CREDENTIAL } }), [nick]);
      return { code: c.code, nick };
    }),
  );
  await sleep(500);
  await drain(api);
  assert.deepEqual(await compare(api, made, provider.issued()), { sent: cuts.length, refused: 0, unknown: 0 });
  assert.deepEqual(provider.wrong, []);
  assert.equal(provider.book.size, cuts.length);
  assert.ok(proxies.filter((p) => p.state.cuts).length > cuts.length / 2);
});

// ---- SIGKILL

/** The provider as a process that misbehaves by chance. */
class Process {
  constructor(file, seed) {
    Object.assign(this, { file, seed, port: 0, lives: 0 });
  }
  async start() {
    const args = [new URL('../js/provider.mjs', import.meta.url).pathname, this.port, this.file, this.seed + this.lives++];
    this.child = spawn(process.execPath, args.map(String), { stdio: ['ignore', 'pipe', 'inherit'] });
    this.port = await new Promise((resolve, reject) => {
      this.child.stdout.on('data', (d) => resolve(Number(/on (\d+)/.exec(d)[1])));
      this.child.on('exit', (code, signal) => reject(new Error(`provider ended: ${code ?? signal}`)));
    });
  }
  async kill() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = new Promise((r) => this.child.on('exit', r));
    this.child.kill('SIGKILL');
    await gone;
  }
  book() {
    const out = new Map();
    const requests = new Map();
    for (const line of existsSync(this.file) ? readFileSync(this.file, 'utf8').split('\n').filter(Boolean) : []) {
      const { request_id, body, results } = JSON.parse(line);
      assert.equal(requests.get(request_id) ?? body, body);
      requests.set(request_id, body);
      for (const r of results) if (r.code === 0) out.set(r.buyer_nick, [...(out.get(r.buyer_nick) ?? []), { number: r.coupon_number }]);
    }
    return out;
  }
}

/** Promises, as long as `state.running`: what was answered with 201. A torn call is repeated under its number. */
async function promising(api, template_id, tag, state) {
  const made = [];
  for (let i = 0; state.running; i++) {
    const nicks = Array.from({ length: 1 + (i % 5) * 6 }, (_, k) => `${tag}-${i}-${k}`);
    for (;;) {
      try {
        const r = await api().call('POST', '/v1/coupons', { template_id, customers: nicks.map((nick) => ({ nick })) }, { number: `${tag}-${i}` });
        assert.equal(r.status, 201, r.text);
        made.push(...r.json.coupons.map((c, k) => ({ code: c.code, nick: nicks[k] })));
        break;
      } catch (e) {
        if (e instanceof assert.AssertionError || state.over) throw e;
        await sleep(20);
      }
    }
    await sleep(10);
  }
  return made;
}

test(`SIGKILL of the server and of the provider in a loop (SEED=${SEED})`, { timeout: 120000 }, async (t) => {
  const home = folder('provider'), chance = random(SEED);
  const provider = new Process(home.at('book'), SEED);
  const state = { running: true };
  t.after(() => ((state.running = false), (state.over = true), provider.kill()));
  await provider.start();
  const crm = await sandbox(t);
  let of = native(t, crm);
  const template_id = await of.template({ provider: { url: `http://127.0.0.1:${provider.port}/provide`, ...CREDENTIAL } });
  const work = promising(() => of, template_id, 'k', state);
  for (let round = 0; round < 10; round++) {
    await sleep(chance() * 700);
    if (chance() < 0.6) {
      await crm.stop('SIGKILL');
      await crm.run();
      of = native(t, crm);
    }
    if (chance() < 0.6) {
      await provider.kill();
      await sleep(chance() * 100);
      await provider.start();
    }
    if (chance() < 0.5) await advance(of, 30).catch(() => {});
  }
  state.running = false;
  const made = await work;
  await drain(of, 900, 60000);
  const counts = await compare(of, made, provider.book());
  assert.equal(counts.sent + counts.refused + counts.unknown, made.length);
  assert.ok(counts.sent > 0 && counts.refused > 0, JSON.stringify(counts));
  assert.ok(!existsSync(home.at('book.wrong')), existsSync(home.at('book.wrong')) && readFileSync(home.at('book.wrong'), 'utf8'));
  // every coupon of the book is somebody's promise
  const nicks = new Set(made.map((m) => m.nick));
  for (const nick of provider.book().keys()) assert.ok(nicks.has(nick), nick);
  assert.equal(await crm.stop(), 0);
  home.remove();
});

// ---- against our own inbound side

test(`two servers, one as CRM and one as provider, both killed in a loop (SEED=${SEED})`, { timeout: 120000 }, async (t) => {
  const chance = random(SEED + 1);
  const owner = ending(t, await Server.start());
  const crm = await sandbox(t);
  const state = { running: true };
  t.after(() => ((state.running = false), (state.over = true)));
  const port = owner.port;
  owner.args = [`--listen=127.0.0.1:${port}`];
  let theirs = ending(t, new Native(port)), of = native(t, crm);
  const template_id = await theirs.template({ template_id: 4711, limits: { total: 700, per_customer: 1 } });
  await of.template({ template_id: 4711, provider: { url: `http://127.0.0.1:${port}/spi/wjb/coupon/provide`, ...DEMO } });
  const work = promising(() => of, template_id, 'o', state);
  for (let round = 0; round < 8; round++) {
    await sleep(chance() * 600);
    const both = [crm, owner].filter(() => chance() < 0.6);
    for (const s of both) await s.stop('SIGKILL');
    for (const s of both) await s.run();
    of = native(t, crm);
    if (chance() < 0.5) await advance(of, 30).catch(() => {});
  }
  state.running = false;
  const made = await work;
  await drain(of, 900, 60000);
  theirs = ending(t, new Native(owner.port, 4));
  const book = new Map();
  const nickOf = new Map();
  for (let cursor = ''; cursor !== undefined; ) {
    const page = await theirs.ok('GET', `/v1/customers?limit=100${cursor && `&cursor=${cursor}`}`);
    for (const c of page.data) nickOf.set(c.customer_id, c.nick);
    cursor = page.next_cursor;
  }
  for (let cursor = ''; cursor !== undefined; ) {
    const page = await theirs.ok('GET', `/v1/coupons?limit=100${cursor && `&cursor=${cursor}`}`);
    for (const c of page.data) {
      if (c.template_id !== '4711') continue;
      const nick = nickOf.get(c.customer_id);
      book.set(nick, [...(book.get(nick) ?? []), { number: c.code }]);
    }
    cursor = page.next_cursor;
  }
  const counts = await compare(of, made, book);
  assert.equal(counts.unknown, 0, JSON.stringify(counts));
  assert.equal(counts.sent, Math.min(made.length, 700));
  assert.equal((await theirs.ok('GET', '/v1/templates/4711')).usage.issued, counts.sent);
  assert.equal((await of.ok('GET', '/v1/templates/4711')).usage.issued, counts.sent);
  for (const s of [owner, crm]) assert.equal(await s.stop(), 0);
});

// ---- several couriers

test(`a courier beside a node that has none, either killed in a loop (SEED=${SEED})`, { skip: !ON_POSTGRESQL && 'a store that several may open', timeout: 120000 }, async (t) => {
  const home = folder('courier'), chance = random(SEED + 2);
  const provider = new Process(home.at('book'), SEED + 2);
  const state = { running: true };
  t.after(() => ((state.running = false), (state.over = true), provider.kill()));
  await provider.start();
  const crm = await sandbox(t, [PRIVATE, '--courier=false']);
  const begin = async () => {
    const p = spawn(BINARY, ['courier', ...place(crm.dir), PRIVATE], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(p.stdout, 'data');
    return p;
  };
  const end = async (p, signal) => {
    const gone = once(p, 'exit');
    p.kill(signal);
    return gone;
  };
  let of = native(t, crm), courier = await begin();
  t.after(() => courier.kill('SIGKILL'));
  const template_id = await of.template({ provider: { url: `http://127.0.0.1:${provider.port}/provide`, ...CREDENTIAL } });
  const work = promising(() => of, template_id, 'c', state);
  for (let round = 0; round < 6; round++) {
    await sleep(200 + chance() * 700);
    if (round % 2) {
      await end(courier, 'SIGKILL');
      courier = await begin();
    } else {
      await crm.stop('SIGKILL');
      await crm.run();
      of = native(t, crm);
    }
    if (chance() < 0.5) await advance(of, 30).catch(() => {});
  }
  state.running = false;
  const made = await work;
  await drain(of, 900, 90000);
  const counts = await compare(of, made, provider.book());
  assert.equal(counts.sent + counts.refused + counts.unknown, made.length);
  assert.ok(counts.sent > 0, JSON.stringify(counts));
  assert.ok(!existsSync(home.at('book.wrong')), existsSync(home.at('book.wrong')) && readFileSync(home.at('book.wrong'), 'utf8'));
  assert.deepEqual(await end(courier, 'SIGTERM'), [0, null]);
  assert.equal(await crm.stop(), 0);
  home.remove();
});

test('two nodes of one store, one of them killed: still once', { skip: !ON_POSTGRESQL, timeout: 90000 }, async (t) => {
  const provider = await provide(t, { manners: ({ n }) => (n === 0 && provider.calls.length % 5 === 0 ? 'drop_after' : 'slow') });
  const one = await sandbox(t);
  const two = ending(t, await Server.start({ dir: one.dir, demo: false, args: [PRIVATE] }));
  const [a, b] = [one, two].map((s) => native(t, s));
  const template_id = await a.template({ provider: provider.endpoint });
  const made = [];
  for (let i = 0; i < 20; i++) {
    const nicks = Array.from({ length: 30 }, (_, k) => `n-${i}-${k}`);
    const coupons = await promise(i % 2 ? a : b, template_id, nicks);
    made.push(...coupons.map((c, k) => ({ code: c.code, nick: nicks[k] })));
    if (i === 10) await one.stop('SIGKILL');
    if (i === 12) await one.run();
    if (i === 12) a.port = one.port;
    if (i === 10) a.port = two.port;
  }
  await drain(b, 600, 60000);
  assert.deepEqual(await compare(b, made, provider.issued()), { sent: made.length, refused: 0, unknown: 0 });
  assert.deepEqual(provider.wrong, []);
  for (const s of [one, two]) assert.equal(await s.stop(), 0);
});
