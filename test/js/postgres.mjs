// A PostgreSQL of a test's own: a fresh cluster, one server on a Unix socket, no TCP. It refuses to be root, so as
// root it runs as `postgres`. For tests that kill and restart it; tools/with-postgresql lends one to a whole suite.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = '/usr/lib/postgresql';
const versions = existsSync(ROOT) ? readdirSync(ROOT).filter((v) => existsSync(`${ROOT}/${v}/bin/initdb`)) : [];
const BIN = versions.length ? `${ROOT}/${versions.sort((a, b) => a - b).at(-1)}/bin` : null;
/** Why there is none; for the `skip` of a test. */
export const MISSING = BIN ? false : 'the programs of PostgreSQL are not installed';

const id = (flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
const user = () => (process.getuid() === 0 ? { uid: id('-u'), gid: id('-g') } : {});

export class Postgres {
  /** options: { fsync = true, port = 5432 (of the socket too), settings = ['name=value'] } */
  static async start(options = {}) {
    const p = new Postgres();
    p.dir = mkdtempSync(join(tmpdir(), 'couponry-pg-'));
    chmodSync(p.dir, 0o777);
    p.fsync = options.fsync ?? true;
    p.port = options.port ?? 5432;
    p.settings = (options.settings ?? []).flatMap((s) => ['-c', s]);
    p.url = p.database('postgres');
    execFileSync(`${BIN}/initdb`, ['-D', `${p.dir}/data`, '-U', 'couponry', '-A', 'trust', '-E', 'UTF8', '--no-locale', '-N'], {
      ...user(), cwd: p.dir, stdio: 'pipe',
    });
    await p.run();
    return p;
  }
  /** The address of a database of this server. */
  database(name) {
    return `postgresql:///${name}?host=${this.dir}&port=${this.port}&user=couponry`;
  }
  async run() {
    this.process = spawn(`${BIN}/postgres`, ['-D', `${this.dir}/data`, '-k', this.dir, '-c', 'listen_addresses=',
      '-c', `fsync=${this.fsync ? 'on' : 'off'}`, '-c', 'max_connections=200', '-c', `port=${this.port}`, ...this.settings], { ...user(), cwd: this.dir, stdio: 'ignore' });
    for (let i = 0; i < 300; i++) {
      try {
        this.ask('select 1');
        return;
      } catch {
        await sleep(50);
      }
    }
    throw new Error('PostgreSQL does not come up');
  }
  /** Rows as text, columns parted by '|'. */
  ask(sql, database = 'postgres') {
    const out = execFileSync('psql', ['-qXAt', '-v', 'ON_ERROR_STOP=1', '-c', sql, this.database(database)], { encoding: 'utf8', stdio: 'pipe' });
    return out.trimEnd().split('\n').filter(Boolean);
  }
  /** SIGKILL: as if the machine had stopped. SIGINT: at once, but in order. */
  async kill(signal = 'SIGKILL') {
    if (!this.process) return;
    const gone = new Promise((r) => this.process.on('exit', r));
    this.process.kill(signal);
    await gone;
    this.process = null;
  }
  async stop() {
    await this.kill('SIGQUIT');
    rmSync(this.dir, { recursive: true, force: true });
  }
}
