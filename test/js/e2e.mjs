// What the end-to-end tests share: commands as processes, keep-alive clients, CSV, seeded random numbers.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BINARY, placed } from './server.mjs';
import { digest, stamp as waiqinStamp, DEMO as WAIQIN } from './waiqin.mjs';

/** A folder of the test's own; call .remove() when done. */
export function folder(name) {
  const path = mkdtempSync(join(tmpdir(), `couponry-${name}-`));
  return { path, at: (...p) => join(path, ...p), remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** {status, stdout, stderr} of a program, without holding up this process's own sockets. */
export function program(file, args, { env = {}, cwd, input } = {}) {
  return new Promise((resolve, reject) => {
    const p = spawn(file, args, { cwd, env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    const out = [], err = [];
    p.stdout.on('data', (d) => out.push(d));
    p.stderr.on('data', (d) => err.push(d));
    p.on('error', reject);
    p.on('close', (status, signal) =>
      resolve({ status, signal, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }));
    p.stdin.on('error', () => {});
    p.stdin.end(input);
  });
}
export const command = (args, options) => program(BINARY, placed(args), options);

/** The command's output; throws when it was refused. */
export async function done(args, options) {
  const r = await command(args, options);
  if (r.status !== 0) throw new Error(`couponry ${args.join(' ')}: ${r.status ?? r.signal}\n${r.stdout}${r.stderr}`);
  return r.stdout;
}

/** Recomputes every chain and compares the view with a replay; {merchants, entries, batches, bytes, rows}. */
export const verify = async (dir, ...more) => JSON.parse(await done(['ledger', 'verify', `--data=${dir}`, '--output=json', ...more]));
export const entries = async (dir, ...more) => (await verify(dir, ...more)).entries;

/** RFC 4180 -> rows of cells. */
export function csvRows(text) {
  const rows = [], next = /(?:"([^"]*(?:""[^"]*)*)"|([^,"\n]*))(,|\r?\n|$)/y;
  let row = [];
  while (next.lastIndex < text.length) {
    const at = next.lastIndex, m = next.exec(text);
    if (!m) throw new Error(`no CSV at ${at}: ${text.slice(at, at + 80)}`);
    row.push(m[1] === undefined ? m[2].replace(/\r$/, '') : m[1].replaceAll('""', '"'));
    if (m[3] === ',' && next.lastIndex === text.length) row.push('');
    if (m[3] !== ',') (rows.push(row), (row = []));
  }
  if (row.length) rows.push(row);
  return rows;
}
/** RFC 4180 -> objects by the header row. */
export function csvObjects(text) {
  const [header, ...rows] = csvRows(text);
  return rows.map((r) => Object.fromEntries(header.map((name, i) => [name, r[i]])));
}
export const exported = async (dir, kind, ...more) => csvObjects(await done(['export', kind, `--data=${dir}`, ...more]));
export const text = (file) => readFileSync(file, 'utf8');

/** A client with one keep-alive connection. request: {path, method, headers, body} as the signers make them. */
export class Client {
  constructor(port, sockets = 1) {
    this.port = port;
    this.agent = new http.Agent({ keepAlive: true, maxSockets: sockets });
  }
  send({ path, method = 'POST', headers = {}, body }) {
    return new Promise((resolve, reject) => {
      const h = { ...headers };
      if (body !== undefined) h['content-length'] = Buffer.byteLength(body);
      const r = http.request({ host: '127.0.0.1', port: this.port, path, method, headers: h, agent: this.agent }, (res) => {
        const parts = [];
        res.on('data', (d) => parts.push(d));
        res.on('error', reject);
        res.on('aborted', () => reject(new Error('aborted')));
        res.on('end', () => {
          const body = Buffer.concat(parts).toString('utf8');
          let json;
          try {
            json = JSON.parse(body);
          } catch {}
          resolve({ status: res.statusCode, headers: res.headers, text: body, json });
        });
      });
      r.on('error', reject);
      r.end(body);
    });
  }
  get(path) {
    return this.send({ path, method: 'GET' });
  }
  close() {
    this.agent.destroy();
  }
}

/** A request's bytes. */
export function requestBytes({ path, method = 'POST', headers = {}, body }) {
  const lines = [`${method} ${path} HTTP/1.1`, 'Host: 127.0.0.1'];
  for (const [k, v] of Object.entries(headers)) lines.push(`${k}: ${v}`);
  if (body !== undefined) lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body ?? ''}`);
}

/** Sends the first `size` bytes and tears the connection down at once. */
export function torn(port, request, size = Infinity) {
  const bytes = requestBytes(request);
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.on('close', resolve);
    socket.on('connect', () => socket.write(bytes.subarray(0, Math.min(size, bytes.length)), () => setTimeout(() => socket.resetAndDestroy(), 1)));
  });
}

/** A Waiqin request in the signers' form. */
export function waiqinRequest(operation, object, credential = WAIQIN, msgId = 'X000001') {
  const body = JSON.stringify(object), timestamp = waiqinStamp();
  const sum = digest(body, credential.appkey, timestamp);
  return {
    path: `/api/bcwin/v1/${operation}/${credential.openid}/${timestamp}/${sum}/${msgId}`,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  };
}

/** Numbers in [0, 1) that come again with the same seed (mulberry32). */
export function random(seed) {
  let a = seed >>> 0;
  const next = () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  next.below = (n) => Math.floor(next() * n);
  next.pick = (list) => list[next.below(list.length)];
  return next;
}
export const sleep = (ms) => new Promise((r) => setTimeout(r, ms));

/** Waits until `ready()` is true (or a promise of it), at most `ms`. */
export async function until(ready, ms = 5000, what = 'it') {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(20)) if (await ready()) return;
  throw new Error(`${what} did not happen in ${ms} ms`);
}
