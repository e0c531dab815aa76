// TLS to the server with its certificate verified, and passwords from where libpq finds them: the address, the
// environment, a service file, a password file. No password is ever shown.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { chmodSync, chownSync, copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { folder, program } from '../js/e2e.mjs';
import { MISSING, Postgres } from '../js/postgres.mjs';
import { BINARY } from '../js/server.mjs';
import { Wjb } from '../js/wjb.mjs';

const PASSWORD = 'open-sesame-4711';
const box = folder('tls');
const KEY = box.at('master.key');
let postgres, port, said = ''; // all that programs have said

const freePort = () =>
  new Promise((resolve) => {
    const s = net.createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = s.address();
      s.close(() => resolve(free));
    });
  });
const openssl = (...args) => execFileSync('openssl', args, { cwd: box.path, stdio: 'pipe' });
function makeCertificates() {
  const root = (name) => openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.crt`, '-subj', `/CN=${name}`, '-days', '2');
  root('ca');
  root('stranger');
  openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=localhost');
  writeFileSync(box.at('names'), 'subjectAltName=DNS:localhost\n');
  openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-out', 'server.crt', '-days', '2', '-extfile', 'names');
}
/** The server's own copies, with the owner it wants. */
function install() {
  const { uid, gid } = statSync(`${postgres.dir}/data`);
  for (const name of ['server.key', 'server.crt']) {
    const to = `${postgres.dir}/data/${name}`;
    copyFileSync(box.at(name), to);
    chmodSync(to, 0o600);
    if (process.getuid() === 0) chownSync(to, uid, gid);
  }
  writeFileSync(`${postgres.dir}/data/pg_hba.conf`, 'local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n');
}

/** What libpq would find by itself is not this machine's. */
const clean = () => Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(PG|COUPONRY)/.test(name)));
async function couponry(args, env) {
  const r = await program('env', ['-i', ...Object.entries({ ...clean(), COUPONRY_MASTER_KEY: KEY, ...env }).map((pair) => pair.join('=')), BINARY, ...args]);
  said += r.stdout + r.stderr;
  return r;
}
/** A node; ends with stop(). */
async function serve(env) {
  const process_ = spawn(BINARY, ['serve', '--listen=127.0.0.1:0'], { env: { ...clean(), COUPONRY_MASTER_KEY: KEY, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  const url = await new Promise((resolve, reject) => {
    const hear = (d) => {
      out += d;
      said += d;
      const m = /listening on (http:\/\/\S+)/.exec(out);
      if (m) resolve(m[1]);
    };
    process_.stdout.on('data', hear);
    process_.stderr.on('data', hear);
    process_.on('exit', (code) => reject(new Error(`it ended with ${code}: ${out}`)));
  });
  const stop = () => new Promise((r) => (process_.on('exit', r), process_.kill('SIGTERM')));
  return { url, port: Number(new URL(url).port), pid: process_.pid, stop };
}
const address = (members = {}, userinfo = `app:${PASSWORD}@`) => {
  const all = { hostaddr: '127.0.0.1', sslmode: 'verify-full', sslrootcert: box.at('ca.crt'), ...members };
  const host = all.host ?? 'localhost';
  delete all.host;
  return `postgresql://${userinfo}${host}:${port}/shop?${new URLSearchParams(all)}`;
};
async function issues(node) {
  const wjb = new Wjb(node.port);
  const r = (await wjb.spi({ coupon_id: 951, buyer_nicks: [`tls-${node.pid}`] })).json?.response;
  assert.equal(r?.send_results?.[0]?.code, 0, JSON.stringify(r));
}
const sessions = () => postgres.ask("select s.ssl, a.usename from pg_stat_activity a join pg_stat_ssl s using (pid) where a.application_name = 'couponry'");

before(async () => {
  if (MISSING) return;
  port = await freePort();
  makeCertificates();
  postgres = await Postgres.start({ port, fsync: false, settings: ['listen_addresses=127.0.0.1', 'password_encryption=scram-sha-256'] });
  install();
  await postgres.kill('SIGINT');
  postgres.settings.push('-c', 'ssl=on');
  await postgres.run();
  postgres.ask(`create role app login password '${PASSWORD}'`);
  postgres.ask('create database shop owner app');
  const r = await couponry(['demo'], { COUPONRY_STORE: address() });
  assert.equal(r.status, 0, r.stderr);
});
after(async () => {
  await postgres?.stop();
  box.remove();
});

describe('TLS', { skip: MISSING }, () => {
  test('all sessions of a node are encrypted and verified', async () => {
    const node = await serve({ COUPONRY_STORE: address() });
    await issues(node);
    const seen = sessions();
    assert.ok(seen.length > 1, 'there are sessions');
    assert.deepEqual([...new Set(seen)], ['t|app']);
    await node.stop();
  });
  test('a server that is not the one is refused', async () => {
    const refused = async (members, why) => {
      const r = await couponry(['merchant', 'list'], { COUPONRY_STORE: address(members) });
      assert.equal(r.status, 1, r.stdout);
      assert.match(r.stderr, why);
    };
    await refused({ sslrootcert: box.at('stranger.crt') }, /certificate verify failed/);
    await refused({ host: 'db.example' }, /does not match host name/);
    await refused({ sslrootcert: box.at('nowhere.crt') }, /nowhere\.crt/);
    await refused({ sslmode: 'disable' }, /no pg_hba\.conf entry/);
  });
});

describe('credentials', { skip: MISSING }, () => {
  const bare = () => address({}, 'app@');
  const service = () => {
    writeFileSync(box.at('services'), `[shop]\nhost=localhost\nhostaddr=127.0.0.1\nport=${port}\ndbname=shop\nuser=app\npassword=${PASSWORD}\n` +
      `sslmode=verify-full\nsslrootcert=${box.at('ca.crt')}\n`);
    return { COUPONRY_STORE: 'postgresql://?service=shop', PGSERVICEFILE: box.at('services') };
  };
  const passfile = () => {
    writeFileSync(box.at('passwords'), `localhost:${port}:shop:app:${PASSWORD}\n`, { mode: 0o600 });
    return { COUPONRY_STORE: bare(), PGPASSFILE: box.at('passwords') };
  };
  const ways = {
    'a service file': service,
    'the environment': () => ({ COUPONRY_STORE: bare(), PGPASSWORD: PASSWORD }),
    'a password file': passfile,
  };
  for (const [name, way] of Object.entries(ways))
    test(`from ${name}`, async () => {
      const env = way();
      const r = await couponry(['merchant', 'list'], env);
      assert.equal(r.status, 0, r.stderr);
      const node = await serve(env);
      await issues(node);
      assert.ok(sessions().every((s) => s === 't|app'));
      await node.stop();
      assert.ok(!(await couponry(['config', '--show'], env)).stdout.includes(PASSWORD));
    });
  test('none, or a wrong one, is refused', async () => {
    for (const env of [{}, { PGPASSWORD: `${PASSWORD}x` }]) {
      const r = await couponry(['merchant', 'list'], { COUPONRY_STORE: bare(), ...env });
      assert.equal(r.status, 1, r.stdout);
      assert.match(r.stderr, /password/);
    }
  });
});

describe('a password', { skip: MISSING }, () => {
  test('is not in config --show, however it is written', async () => {
    const stores = [address(), address({ password: PASSWORD }, 'app@'), address({ sslpassword: PASSWORD }, 'app@'),
      `postgresql://app:a?${PASSWORD}@localhost/shop`, `postgresql://app:a@${PASSWORD}@localhost/shop?user=a@b`, `postgres://app:${PASSWORD}@localhost`, `host=localhost password=${PASSWORD}`];
    for (const store of stores) {
      const r = await couponry(['config', '--show'], { COUPONRY_STORE: store });
      assert.match(r.stdout, /^store = .*\*\*\*/m, r.stderr);
      assert.ok(!r.stdout.includes(PASSWORD), r.stdout);
    }
  });
  test('is not in what is said of an address that is none', async () => {
    const stores = [`postgresql://app:${PASSWORD}@[::1/shop`, `postgresql://app:${PASSWORD}%zz@localhost/shop`, `postgresql://app:a@${PASSWORD}@localhost/shop`,
      `postgresql://app:${PASSWORD}@localhost/shop?bogus=${PASSWORD}`, `postgresql://app:${PASSWORD}@localhost:x/shop`, `password=${PASSWORD}`, `app:${PASSWORD}@localhost`];
    for (const store of stores) {
      const r = await couponry(['merchant', 'list'], { COUPONRY_STORE: store });
      assert.notEqual(r.status, 0, r.stdout);
      assert.match(r.stderr, /address|invalid integer value/);
      assert.ok(!r.stderr.includes(PASSWORD), r.stderr);
    }
  });
  test('is in no log, also when things go wrong', async () => {
    const node = await serve({ COUPONRY_STORE: address() });
    await issues(node);
    postgres.ask("alter role app password 'another'");
    postgres.ask("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'couponry'");
    const r = (await new Wjb(node.port).spi({ coupon_id: 951, buyer_nicks: ['no'] })).json?.response;
    assert.equal(r?.code, 10, JSON.stringify(r)); // busy
    postgres.ask(`alter role app password '${PASSWORD}'`);
    for (const end = Date.now() + 8000; (await fetch(`${node.url}/readyz`)).status !== 200; await new Promise((t) => setTimeout(t, 50)))
      assert.ok(Date.now() < end, 'it comes back by itself');
    await issues(node);
    said += await (await fetch(`${node.url}/metrics`)).text();
    said += readFileSync(`/proc/${node.pid}/cmdline`, 'latin1');
    await node.stop();
    assert.ok(said.length > 1000 && !said.includes(PASSWORD));
  });
});
