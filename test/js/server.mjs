// Starts the real server on a data directory of its own and on a port of the kernel's choice.
import { spawn, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import net from 'node:net';

export const BINARY = process.env.COUPONRY ?? new URL('../../out/release/couponry', import.meta.url).pathname;

/**
 * With COUPONRY_TEST_POSTGRESQL (the folder of a PostgreSQL's socket: tools/with-postgresql) the same tests run on that:
 * each data directory becomes a database of its own.
 */
const SOCKET = process.env.COUPONRY_TEST_POSTGRESQL;
export const ON_POSTGRESQL = Boolean(SOCKET);
const databases = new Map();
const nameOf = (dir) => 't_' + createHash('sha256').update(dir).digest('hex').slice(0, 24);
const blank = process.env.COUPONRY_TEST_BLANK ? `template ${process.env.COUPONRY_TEST_BLANK}` : '';
function database(dir, like = blank) {
  if (!databases.has(dir)) {
    const name = nameOf(dir);
    execFileSync('psql', ['-qX', '-h', SOCKET, '-U', 'postgres', '-c', `create database ${name} ${like}`, 'postgres'], { stdio: 'inherit' });
    databases.set(dir, `postgresql://postgres@/${name}?host=${SOCKET}`);
  }
  return databases.get(dir);
}
/** How a program is told where the data are. */
export const place = (dir) => (SOCKET ? [`--store=${database(dir)}`, `--master-key=${dir}.key`] : [`--data=${dir}`]);
/** Where the files of jobs are: beside a data directory by itself. */
export const spool = (dir) => (SOCKET ? [`--spool=${dir}.spool`] : []);
export const placed = (args) => args.flatMap((a) => (a.startsWith('--data=') ? place(a.slice('--data='.length)) : [a]));

/** A copy of a store that nobody serves, with its key. */
export function copyStore(from, to) {
  if (SOCKET) database(to, `template ${nameOf(from)}`);
  else cpSync(from, to, { recursive: true });
  cpSync(`${from}.key`, `${to}.key`);
}

export function cli(...args) {
  return execFileSync(BINARY, placed(args), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** {status, stdout, stderr} of a command that may refuse. */
export function cliTry(...args) {
  try {
    return { status: 0, stdout: cli(...args), stderr: '' };
  } catch (e) {
    return { status: e.status, stdout: e.stdout ?? '', stderr: e.stderr ?? '' };
  }
}

const freePort = () =>
  new Promise((resolve) => {
    const s = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = s.address();
      s.close(() => resolve(port));
    });
  });

export class Server {
  /** options: { demo = true, dir, args = [], known = false: other nodes reach it } */
  static async start(options = {}) {
    const s = new Server();
    s.own = !options.dir;
    s.root = options.dir ? null : mkdtempSync(join(tmpdir(), 'couponry-'));
    s.dir = options.dir ?? join(s.root, 'data');
    if (options.demo ?? true) cli('demo', `--data=${s.dir}`);
    s.args = options.args ?? [];
    if (options.known) s.known = `127.0.0.1:${await freePort()}`;
    await s.run();
    return s;
  }
  async run() {
    this.log = '';
    this.process = spawn(BINARY, ['serve', ...place(this.dir), ...spool(this.dir), `--listen=${this.known ?? '127.0.0.1:0'}`,
      ...(this.known ? [`--node-address=${this.known}`] : []), ...this.args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process.stderr.on('data', (d) => (this.log += d));
    this.url = await new Promise((resolve, reject) => {
      let out = '';
      this.process.stdout.on('data', (d) => {
        out += d;
        this.log += d;
        const m = /listening on (https?:\/\/\S+)/.exec(out);
        if (m) resolve(m[1]);
      });
      this.process.on('exit', (code) => reject(new Error(`server ended with ${code}: ${this.log}`)));
    });
    this.port = Number(new URL(this.url).port);
  }
  async stop(signal = 'SIGTERM') {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const gone = new Promise((r) => this.process.on('exit', r));
      this.process.kill(signal);
      await gone;
    }
    return this.process.exitCode;
  }
  async close() {
    await this.stop();
    if (this.own) rmSync(this.root, { recursive: true, force: true });
  }
  /** Raw bytes in, raw bytes out (until the server closes or `ms` pass without a byte). */
  raw(bytes, ms = 300) {
    return new Promise((resolve, reject) => {
      const socket = net.connect(this.port, '127.0.0.1');
      let out = Buffer.alloc(0);
      socket.setTimeout(ms, () => socket.destroy());
      socket.on('data', (d) => (out = Buffer.concat([out, d])));
      socket.on('close', () => resolve(out.toString('utf8')));
      socket.on('error', reject);
      socket.write(bytes);
    });
  }
}
