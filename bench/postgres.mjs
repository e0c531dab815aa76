#!/usr/bin/env node
// The PostgreSQL engine against the usual service (bench/fastify), on one database: `make bench-postgres`.
//
//   bench/postgres.mjs [--coupons=100000] [--redeem=1000000] [--seconds=10] [--rounds=3] [--only=issue,redeem,nodes] [--keep]
//                      [--other=BINARY]
//
// `nodes` is the part of `issue` that is about nodes and merchants; with --other each of its loads runs with another
// binary's nodes, too, in turn. One node is one that knows no others; two know each other (--node-address).
//
// A PostgreSQL of its own (fsync on, everything else as Debian has it) on a socket of its own; 64 keep-alive
// connections over the nodes; nobody is pinned: database, services and load share the machine. Figures are calls
// answered per second, the median of the rounds, ours and the other in turn. Prints a Markdown table.
import { createHash, createHmac } from 'node:crypto';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync, chmodSync, chownSync, mkdirSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';

const options = Object.fromEntries(process.argv.slice(2).map((a) => a.replace(/^--/, '').split('=')));
const COUPONS = Number(options.coupons ?? 100_000);
const SECONDS = Number(options.seconds ?? 10);
const ROUNDS = Number(options.rounds ?? 3);
const REDEEM = Number(options.redeem ?? 1_000_000); // coupons there are to redeem
const only = options.only?.split(',') ?? ['issue', 'redeem'];
const MERCHANTS = 64;
const NODE_ROUNDS = 9; // two rates that are nearly the same need more of them
const BINARY = 'out/release/couponry';
const root = mkdtempSync(join(tmpdir(), 'couponry-bench-'));
chmodSync(root, 0o755);
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const running = [];
const rows = [];
const report = (what, figure, target, met) => {
  rows.push(`| ${what} | ${figure} | ${target} | ${met === undefined ? '' : met ? 'yes' : 'NO'} |`);
  console.error(`${what}: ${figure} (${target})${met === false ? '  <-- missed' : ''}`);
};

// --- processes ---
const PROGRAMS = readdirSync('/usr/lib/postgresql').sort((a, b) => b - a).map((v) => `/usr/lib/postgresql/${v}/bin`)[0];
const asPostgres = (command) => (process.getuid() === 0 ? ['runuser', ['-u', 'postgres', '--', ...command]] : [command[0], command.slice(1)]);
async function postgres() {
  const dir = join(root, 'cluster'), sockets = join(root, 'sockets');
  for (const d of [dir, sockets]) {
    mkdirSync(d);
    if (process.getuid() === 0) chownSync(d, Number(execFileSync('id', ['-u', 'postgres'])), Number(execFileSync('id', ['-g', 'postgres'])));
  }
  const [init, initArgs] = asPostgres([`${PROGRAMS}/initdb`, '-D', dir, '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '-U', 'postgres']);
  execFileSync(init, initArgs, { stdio: 'ignore', cwd: '/' });
  const [start, startArgs] = asPostgres([`${PROGRAMS}/postgres`, '-D', dir, '-k', sockets, '-c', 'listen_addresses=', '-c', 'max_connections=200']);
  const child = spawn(start, startArgs, { stdio: ['ignore', 'ignore', openSync(join(root, 'postgres.log'), 'a')], cwd: '/' });
  running.push(child);
  for (let i = 0; i < 100; i++, await sleep(100)) if (spawnSync(`${PROGRAMS}/pg_isready`, ['-h', sockets]).status === 0) break;
  execFileSync('createdb', ['-h', sockets, '-U', 'postgres', 'bench']);
  return { sockets, url: `postgresql://postgres@/bench?host=${encodeURIComponent(sockets)}`,
    sql: (...args) => execFileSync('psql', ['-h', sockets, '-U', 'postgres', '-d', 'bench', '-qAt', '-v', 'ON_ERROR_STOP=1', ...args], { encoding: 'utf8', maxBuffer: 1 << 28 }).trim() };
}
const key = join(root, 'master.key');
const cli = (db, ...args) => execFileSync(BINARY, [...args, `--store=${db.url}`, `--master-key=${key}`], { encoding: 'utf8', maxBuffer: 1 << 28 });
let ports = 20_000 + Math.floor(Math.random() * 10_000);
/** A node, which others reach if it is one of several. */
function node(db, binary, several) {
  const address = several ? `127.0.0.1:${++ports}` : undefined;
  return server(['serve', `--store=${db.url}`, `--master-key=${key}`, `--listen=${address ?? '127.0.0.1:0'}`, '--workers=1', ...(address ? [`--node-address=${address}`] : [])], binary);
}
async function server(args, binary = BINARY) {
  const child = spawn(binary, args, { stdio: ['ignore', 'pipe', openSync(join(root, 'node.log'), 'a')] });
  running.push(child);
  nodes.push(child.pid);
  const url = await new Promise((resolve, reject) => {
    child.stdout.on('data', (d) => { const m = /listening on (\S+)/.exec(d); if (m) resolve(m[1]); });
    child.on('exit', (status) => reject(new Error(`a node ended with ${status}:\n${readFileSync(join(root, 'node.log'), 'utf8').slice(-2000)}`)));
  });
  child.removeAllListeners('exit');
  return { url, stop: () => new Promise((r) => { child.on('exit', r); child.kill(); }) };
}
async function fastify(db) {
  execFileSync('npm', ['install', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'], { cwd: 'bench/fastify', stdio: 'ignore' });
  const port = 18000 + Math.floor(Math.random() * 1000);
  const child = spawn(process.execPath, ['bench/fastify/server.mjs', String(port), `postgresql://postgres@/bench?host=${db.sockets}`, '16'], { stdio: ['ignore', 'ignore', 'inherit'] });
  running.push(child);
  const url = `http://127.0.0.1:${port}`;
  for (let i = 0; i < 100; i++, await sleep(100)) if (await fetch(url).then(() => true, () => false)) break;
  return { url, stop: () => new Promise((r) => { child.on('exit', r); child.kill(); }) };
}

// --- processor time, in us: of our nodes, and of the database with its sessions ---
const TICK_US = 1e6 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
const cpuOf = (pid) => {
  try {
    const f = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(f[11]) + Number(f[12])) * TICK_US;
  } catch {
    return 0; // it ended
  }
};
const childrenOf = (pid) => (spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' }).stdout ?? '').trim().split('\n').filter(Boolean);
const databaseCpu = () => {
  const postmaster = readFileSync(join(root, 'cluster', 'postmaster.pid'), 'utf8').split('\n')[0];
  return [postmaster, ...childrenOf(postmaster)].reduce((sum, pid) => sum + cpuOf(pid), 0);
};
const nodes = [];
const nodesCpu = () => nodes.reduce((sum, pid) => sum + cpuOf(pid), 0);

/** Writes and commits of our nodes so far; another server has none. */
async function commitsOf(urls) {
  const texts = await Promise.all(urls.map((url) => fetch(`${url}/metrics`).then((r) => r.text())));
  const sum = (name) => texts.reduce((n, t) => n + Number(new RegExp(`^couponry_${name} (\\d+)`, 'm').exec(t)?.[1] ?? 0), 0);
  return { writes: sum('lane_commands_total'), commits: sum('ledger_syncs_total') };
}

// --- load: a Lua program for wrk whose answers must hold a text ---
let scripts = 0;
async function load(urls, lua, text) {
  const then = await commitsOf(urls);
  const before = [nodesCpu(), databaseCpu()];
  const each = 64 / urls.length;
  const runs = urls.map((url, i) => {
    const file = join(root, `load${++scripts}.lua`);
    writeFileSync(file, `
local threads = {}
function setup(thread) table.insert(threads, thread) end
bad, lane = 0, ${i}
${lua}
function response(status, headers, body) if not string.find(body, '${text}', 1, true) then bad = bad + 1 if bad < 3 then io.stderr:write(body:sub(1, 300) .. '\\n') end end end
function done(summary, latency, requests) local n = 0 for _, t in ipairs(threads) do n = n + t:get('bad') end io.write('BAD ' .. n .. '\\n') end`);
    return new Promise((resolve) => {
      const p = spawn('wrk', ['-t1', `-c${each}`, `-d${SECONDS}s`, '--latency', '-s', file, url], { stdio: ['ignore', 'pipe', 'inherit'] });
      let out = '';
      p.stdout.on('data', (d) => (out += d));
      p.on('close', () => resolve({ rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(out)[1]), n: Number(/(\d+) requests in/.exec(out)[1]), bad: Number(/BAD (\d+)/.exec(out)[1]) }));
    });
  });
  const all = await Promise.all(runs);
  const sum = (of) => all.reduce((total, r) => total + r[of], 0);
  const used = [nodesCpu() - before[0], databaseCpu() - before[1]], now = await commitsOf(urls);
  return { rate: sum('rate'), n: sum('n'), bad: sum('bad'), nodeUs: used[0] / sum('n'), databaseUs: used[1] / sum('n'),
    together: (now.writes - then.writes) / (now.commits - then.commits) };
}
/** Medians of the rates of several loads, run in turn, and what a call of each cost. */
const inTurn = (...loads) => inTurns(ROUNDS, ...loads);
async function inTurns(rounds, ...loads) {
  const rates = loads.map(() => []), costs = loads.map(() => []);
  for (let i = 0; i < rounds; i++)
    for (const [j, run] of loads.entries()) {
      const r = await run();
      if (r.bad) throw new Error(`${r.bad} wrong answers of ${r.n}`);
      rates[j].push(r.rate);
      costs[j].push(r);
    }
  const cost = (runs, of) => Math.round(median(runs.map((r) => r[of])));
  const together = (runs) => (cost(runs, 'together') > 0 ? `, ${cost(runs, 'together')} calls a commit` : '');
  return [...rates.map(median), ...costs.map((c) => `${together(c)}, ${cost(c, 'nodeUs')} us of processor a call in the node and ${cost(c, 'databaseUs')} in the database`)];
}

// --- requests ---
const spiQuery = (appKey, secret) => {
  const p = { app_key: appKey, timestamp: new Date(Date.now() + 8 * 3600e3 + 300e3).toISOString().slice(0, 19).replace('T', ' ') };
  const kv = Object.keys(p).sort().map((k) => k + p[k]).join('');
  return new URLSearchParams({ ...p, sign: createHash('md5').update(`${secret}${kv}${secret}`).digest('hex').toUpperCase() }).toString();
};
let series = 0;
const nick = () => `n${Date.now()}x${++series}-`;
const oneMerchant = (path) => `
local k = 0
local headers = { ['Content-Type'] = 'application/json' }
function request() k = k + 1
  return wrk.format('POST', '${path}', headers, '{"coupon_id":951,"buyer_nicks":["${nick()}' .. lane .. '-' .. k .. '"]}') end`;
const manyMerchants = () => `
local k = 0
local headers = { ['Content-Type'] = 'application/json' }
local paths = { ${Array.from({ length: MERCHANTS }, (_, i) => `'/spi/wjb/coupon/provide?${spiQuery(`2000000${i}`, `secret${i}`)}'`).join(', ')} }
function request() k = k + 1
  return wrk.format('POST', paths[k % ${MERCHANTS} + 1], headers, '{"coupon_id":951,"buyer_nicks":["${nick()}' .. lane .. '-' .. k .. '"]}') end`;
const ours = () => `/spi/wjb/coupon/provide?${spiQuery('100000001', 'wjbsecret')}`;
function zvcmsEnvelope() {
  const c = { openId: '6dc05b4ac175cf316d226252b05cf685', grantCode: '782c281f62', timestamp: String(Math.floor(Date.now() / 1000) + 200), nonce: '658965' };
  const kv = `grantCode=${c.grantCode}&nonce=${c.nonce}&openId=${c.openId}&timestamp=${c.timestamp}`;
  return { ...c, token: encodeURIComponent(createHmac('sha1', 'zvcmssecret').update(kv).digest('base64')) };
}
const wallet = (path, head, tail) => `
local k = 0
local headers = { ['Content-Type'] = 'application/json' }
function request() k = (k + 7561) % ${COUPONS}
  return wrk.format('POST', '${path}', headers, '${head}{"customer_id":"' .. (k + 1) .. '","customerId":"' .. (k + 1) .. '","useStatus":"","card_id":"b-' .. (k + 1) .. '","cardId":"b-' .. (k + 1) .. '"}${tail}') end`;

// --- data ---
function csv(name, header, n, row) {
  const file = join(root, name);
  writeFileSync(file, [header, ...Array.from({ length: n }, (_, i) => row(i + 1))].join('\n') + '\n');
  return file;
}
function makeData(db) {
  cli(db, 'migrate');
  cli(db, 'demo');
  for (let i = 0; i < MERCHANTS; i++) {
    const id = Number(JSON.parse(cli(db, 'merchant', 'add', `--name=shop ${i}`, '--output=json')).merchant ?? i + 2);
    cli(db, 'credential', 'add', `--merchant=${id}`, '--dialect=wjb', `--id=2000000${i}`, `--secret=secret${i}`);
    cli(db, 'import', 'templates', csv('t.csv', 'template_id,name,type,amount,threshold,begin_at,end_at', 1, () => '951,满199减99,0,99,199,2024-01-01 00:00:00,2099-12-31 23:59:59'), `--merchant=${id}`);
  }
  cli(db, 'import', 'templates', csv('t1.csv', 'template_id,name,type,amount,threshold,begin_at,end_at', 1, () => '77,满199减99,0,99,199,2024-01-01 00:00:00,2099-12-31 23:59:59'), '--merchant=1');
  cli(db, 'import', 'customers', csv('c.csv', 'customer_id,nick', COUPONS, (i) => `${i},nick${i}`), '--merchant=1');
  const size = () => Number(db.sql('-c', 'SELECT pg_database_size(current_database())'));
  const begin = Date.now(), empty = size();
  cli(db, 'import', 'coupons', csv('p.csv', 'code,template_id,customer_id,issued_at', COUPONS, (i) => `b-${i},77,${i},2026-01-01 00:00:00`), '--merchant=1');
  report(`import of ${COUPONS} coupons`, `${Math.round(COUPONS / ((Date.now() - begin) / 1000))} rows/s, ${Math.round((size() - empty) / COUPONS)} bytes of database a coupon with its ledger entry`, '');
  db.sql('-f', 'bench/fastify/schema.sql');
  db.sql('-c', `INSERT INTO usual.customer (nick) SELECT 'nick' || i FROM generate_series(1, ${COUPONS}) i;
    INSERT INTO usual.coupon (template_id, customer_id, code) SELECT 951, h.id, 'b-' || h.id FROM usual.customer h;`);
  db.sql('-c', 'VACUUM ANALYZE');
}

// --- redeem: every coupon once, from files of codes ---
const codeFiles = (name, codes, parts) => Array.from({ length: parts }, (_, i) => {
  const file = join(root, `${name}${i}.codes`);
  writeFileSync(file, codes.filter((_, k) => k % parts === i).join('\n') + '\n');
  return file;
});
/** Each run takes the next file, so that no coupon is redeemed twice. */
function redeemer(files, path, more) {
  let next = 0;
  return () => {
    const file = files[next++];
    return `
local codes, k = io.lines('${file}'), 0
local headers = { ['Content-Type'] = 'application/json', ['Authorization'] = 'Bearer demo-native-key' }
function request() k = k + 1
  local code = codes() or 'none-is-left'
  return wrk.format('POST', ${path}, headers, '{"order_no":"${file.slice(-12)}-' .. k .. '","shop":"S001","amount_fen":20000${more}}') end`;
  };
}
function generate(target, template, name, runs) {
  const file = join(root, name);
  execFileSync(BINARY, ['generate', ...target, '--merchant=1', `--template=${template}`, `--count=${REDEEM}`, `--out=${file}`], { stdio: 'ignore' });
  return codeFiles(name, readFileSync(file, 'utf8').trim().split('\n'), runs);
}
async function template(url, limited) {
  const body = { name: '10 off', type: 'amount_off', amount_fen: 1000, limits: limited ? { total: 1_000_000_000, budget_fen: 1_000_000_000_000_000 } : {} };
  const answer = await fetch(`${url}/v1/templates`, { method: 'POST', headers: { authorization: 'Bearer demo-native-key', 'content-type': 'application/json' }, body: JSON.stringify(body) });
  return (await answer.json()).template_id;
}
async function redeem(db) {
  const usual = await fastify(db), one = await node(db);
  const data = join(root, 'data');
  execFileSync(BINARY, ['demo', `--data=${data}`]);
  const alone = await server(['serve', `--data=${data}`, '--listen=127.0.0.1:0', '--workers=1']);
  const path = "'/v1/coupons/' .. code .. '/redeem'", own = '"state":"redeemed"';
  db.sql('-c', `INSERT INTO usual.customer (nick) VALUES ('all') ON CONFLICT DO NOTHING;
    ALTER TABLE usual.coupon DROP CONSTRAINT coupon_template_id_customer_id_key;
    INSERT INTO usual.coupon (template_id, customer_id, code) SELECT 952, 1, md5(i::text) FROM generate_series(1, ${REDEEM}) i;`);
  db.sql('-c', 'VACUUM ANALYZE usual.coupon');
  const theirs = codeFiles('usual', db.sql('-c', 'SELECT code FROM usual.coupon WHERE template_id = 952').split('\n'), 3 * ROUNDS);
  const usualRun = redeemer(theirs, "'/redeem'", `,"code":"' .. code .. '"`);
  const other = () => load([usual.url], usualRun(), '"state":"redeemed"');
  const aloneRun = redeemer(generate([`--data=${data}`], await template(alone.url), 'alone', ROUNDS), path, '');
  const [a, b] = await inTurn(() => load([alone.url], aloneRun(), own), other);
  report('redeem, embedded engine', `${Math.round(a)}/s; Fastify ${Math.round(b)}/s: ${(a / b).toFixed(2)}`, 'at least 7 times Fastify', a >= 7 * b);
  for (const [what, limited] of [['', false], [', all of one template with a total and a budget', true]]) {
    const run = redeemer(generate([`--store=${db.url}`, `--master-key=${key}`], await template(one.url, limited), `pg${limited}`, ROUNDS), path, '');
    const [c, d, cost] = await inTurn(() => load([one.url], run(), own), other);
    report(`redeem, PostgreSQL engine, one node${what}`, `${Math.round(c)}/s${cost}; Fastify ${Math.round(d)}/s: ${(c / d).toFixed(2)}`, 'at least 2 times Fastify', c >= 2 * d);
  }
  for (const s of [usual, one, alone]) await s.stop();
}

// --- the comparison ---
async function compare(db) {
  const usual = await fastify(db), one = await node(db);
  const [a, b, costOfWrite] = await inTurn(() => load([one.url], oneMerchant(ours()), '"code":0,"coupon_number":"'), () => load([usual.url], oneMerchant('/provide'), '"coupon_number":"'));
  report('SPI provide of one nick per call, one node', `${Math.round(a)}/s${costOfWrite}; Fastify ${Math.round(b)}/s: ${(a / b).toFixed(2)}`, 'at least 2 times Fastify', a >= 2 * b);
  const envelope = JSON.stringify(zvcmsEnvelope()).slice(0, -1) + ',"params":';
  const [c, d, costOfRead] = await inTurn(() => load([one.url], wallet('/v3/crm/coupon/getCustomerCoupons', envelope, '}'), '"message":"success","data":{'),
    () => load([usual.url], wallet('/wallet', '', ''), '"message":"success","data":{'));
  report('query of one coupon', `${Math.round(c)}/s${costOfRead}; Fastify ${Math.round(d)}/s: ${(c / d).toFixed(2)}`, 'at least 2 times Fastify', c >= 2 * d);
  await usual.stop();
  await one.stop();
}
async function compareNodes(db) {
  const one = await node(db, undefined, false), pair = [await node(db, undefined, true), await node(db, undefined, true)];
  await sleep(2500); // until they know each other
  for (const [what, lua] of [['one merchant', () => oneMerchant(ours())], [`${MERCHANTS} merchants`, manyMerchants]]) {
    const text = '"code":0,"coupon_number":"';
    const [e, f, costOfOne, costOfTwo] = await inTurns(Math.max(ROUNDS, NODE_ROUNDS), () => load([one.url], lua(), text), () => load(pair.map((n) => n.url), lua(), text));
    report(`SPI provide, two nodes, ${what}`, `${Math.round(f)}/s${costOfTwo}; one node ${Math.round(e)}/s${costOfOne}: ${(f / e).toFixed(2)}`, 'at least 0.9 of one node', f >= 0.9 * e);
  }
  if (options.other) await compareBinaries(db, one, pair);
  for (const n of [one, ...pair]) {
    const text = await (await fetch(`${n.url}/metrics`)).text();
    console.error([...text.matchAll(/^couponry_(?:lane|ledger|passed|store|round)\S* \S+/gm)].map((m) => m[0]).filter((l) => !/bucket/.test(l)).join('\n'));
    await n.stop();
  }
}

async function compareBinaries(db, one, pair) {
  const others = [await node(db, options.other), await node(db, options.other)];
  for (const [what, lua] of [['one merchant', () => oneMerchant(ours())], [`${MERCHANTS} merchants`, manyMerchants]])
    for (const n of [1, 2]) {
      const run = (nodes) => () => load(nodes.map((x) => x.url), lua(), '"code":0,"coupon_number":"');
      const [a, b, cost] = await inTurn(run(n > 1 ? pair : [one]), run(others.slice(0, n)));
      report(`SPI provide, ${n} node${n > 1 ? 's' : ''}, ${what}`, `${Math.round(a)}/s${cost}; the other binary ${Math.round(b)}/s: ${(a / b).toFixed(2)}`, '');
    }
  for (const n of others) await n.stop();
}

try {
  const db = await postgres();
  makeData(db);
  if (only.includes('issue')) await compare(db);
  if (only.includes('issue') || only.includes('nodes')) await compareNodes(db);
  if (only.includes('redeem')) await redeem(db);
  const cpu = cpus()[0].model.trim();
  console.log(`\n${new Date().toISOString().slice(0, 10)}, \`bench/postgres.mjs ${process.argv.slice(2).join(' ')}\`, ${cpu}, node ${process.version}, ${db.sql('-c', 'SHOW server_version')}\n`);
  console.log('| what | measured | target | met |\n|---|---|---|---|\n' + rows.join('\n'));
} finally {
  for (const p of running.reverse()) p.kill('SIGINT');
  await sleep(500);
  if ('pause' in options) await sleep(1000 * options.pause);
  if (!('keep' in options)) rmSync(root, { recursive: true, force: true });
}
