// Coupons of the demo merchant for the TOP tests, put in by `couponry import` before the server starts.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, cli } from './server.mjs';

const cell = (v) => (/[",\r\n]/.test(v) ? `"${v.replaceAll('"', '""')}"` : String(v));
const csv = (columns, rows) =>
  [columns, ...rows.map((r) => columns.map((c) => r[c] ?? ''))].map((r) => r.map((v) => cell(String(v))).join(',')).join('\n') + '\n';

const TEMPLATES = ['template_id', 'name', 'type', 'amount', 'threshold', 'begin_at', 'end_at', 'shops', 'categories', 'description', 'channel'];
const COUPONS = ['code', 'template_id', 'customer_id', 'phone', 'card_no', 'nick', 'channel', 'status', 'issued_at', 'begin_at', 'end_at', 'attribute'];

export const ATTRIBUTE = '{ "firstName":"Bill" , "lastName":"Gates" }';
export const SEED = { phone: '18612255669', card_no: '11112223', code: '111aaa-t' };
export const PAGED = { phone: '13911110000', count: 25 };
export const STATES = { phone: '13922220000' };
export const ODD = { phone: '13933330000' };

const templates = [
  { template_id: 900011, name: '满199减99', amount: '99', threshold: '199', begin_at: '2018-11-11 00:00:00', end_at: '2099-11-11 23:59:59',
    shops: '01,02', categories: '1001,10012', description: '全场通用', channel: 'erp' },
  { template_id: 900012, name: 'a<b>&"c"\\', amount: '99.50', end_at: '2099-12-31 00:00:00' },
  { template_id: 900013, name: 'bare' },
];

const coupons = [
  { code: SEED.code, template_id: 900011, phone: SEED.phone, card_no: SEED.card_no, issued_at: '2018-11-11 08:00:00', attribute: ATTRIBUTE },
  { code: '111bbb', template_id: 900012, phone: SEED.phone, channel: 'shop', issued_at: '2018-11-12 08:00:00' },
  { code: 'odd-1', template_id: 900012, phone: ODD.phone, issued_at: '2020-01-01 00:00:00', attribute: 'x < y & "z"\ttab' },
  { code: 'odd-2', template_id: 900013, phone: ODD.phone, issued_at: '2020-01-02 23:59:59' },
  { code: 'nobody-1', template_id: 900013, channel: 'nobody', issued_at: '2020-01-02 00:00:00' },
  ...['unused', 'redeemed', 'frozen', 'recalled'].map((status) => (
    { code: `state-${status}`, template_id: 900011, phone: STATES.phone, status, issued_at: '2020-01-01 00:00:00' })),
  ...['unused', 'redeemed', 'frozen', 'recalled'].map((status) => (
    { code: `ended-${status}`, template_id: 900011, phone: STATES.phone, status, issued_at: '2018-11-11 00:00:00', end_at: '2019-01-01 00:00:00' })),
  ...Array.from({ length: PAGED.count }, (_, i) => (
    { code: `page-${String(i + 1).padStart(2, '0')}`, template_id: 900011, phone: PAGED.phone, channel: i % 5 ? 'erp' : 'fifth', issued_at: '2020-01-01 00:00:00' })),
];

/** A server with demo data and the coupons above. before(dir) may run more commands. */
export async function startTop(before = () => {}) {
  const root = mkdtempSync(join(tmpdir(), 'couponry-top-'));
  const dir = join(root, 'data');
  cli('demo', `--data=${dir}`);
  writeFileSync(join(root, 'templates.csv'), csv(TEMPLATES, templates));
  writeFileSync(join(root, 'coupons.csv'), csv(COUPONS, coupons));
  cli('import', 'templates', join(root, 'templates.csv'), `--data=${dir}`);
  cli('import', 'coupons', join(root, 'coupons.csv'), `--data=${dir}`);
  before(dir);
  const server = await Server.start({ demo: false, dir, args: ['--allow-demo'] });
  return {
    server,
    async close() {
      await server.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
