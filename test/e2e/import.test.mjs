// CSV in and out: docs/csv.md and issue 2, "The command line and CSV files".
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import { ON_POSTGRESQL, Server, copyStore } from '../js/server.mjs';
import { command, csvObjects, csvRows, done, entries, exported, folder, text, until, verify } from '../js/e2e.mjs';
import { find } from '../js/top.mjs';

const box = folder('import');
after(() => box.remove());

let made = 0;
async function store() {
  const dir = box.at(`store${++made}`);
  await done(['merchant', 'add', '--name=shop', `--data=${dir}`]);
  return dir;
}
/** A file in a folder of its own, so that no two tests share a .refused.csv. */
function file(kind, content) {
  const dir = box.at(`files${++made}`);
  mkdirSync(dir);
  writeFileSync(`${dir}/${kind}.csv`, content);
  return `${dir}/${kind}.csv`;
}
/** {status, rows, refused, reasons}; reasons: the objects of the file of refused rows. */
async function bring(dir, kind, content, ...more) {
  const path = content.startsWith('/') ? content : file(kind, content);
  rmSync(`${path}.refused.csv`, { force: true });
  const r = await command(['import', kind, path, `--data=${dir}`, '--output=json', ...more]);
  const refused = existsSync(`${path}.refused.csv`) ? text(`${path}.refused.csv`) : null;
  return { ...r, ...(r.stdout ? JSON.parse(r.stdout) : {}), raw: refused, reasons: refused ? csvObjects(refused) : [] };
}
async function good(dir, kind, content, rows, ...more) {
  const r = await bring(dir, kind, content, ...more);
  assert.deepEqual({ status: r.status, rows: r.rows, refused: r.refused, raw: r.raw, stderr: r.stderr },
    { status: 0, rows, refused: 0, raw: null, stderr: '' }, r.raw);
}
const FILES = {
  departments: 'department_id,code,name,source_code\nd1,D1,销售部,s1\nd2,,second,\n',
  customers: 'customer_id,code,name,source_code,nick,phone,card_no\nc1,C1,张三,s1,nick1,13800000001,card1\nc2,,,,,13800000002,\nc3,,李四,,,,\n',
  templates:
    'template_id,name,type,amount,threshold,begin_at,end_at,shops,categories,description,channel\n' +
    '11,满199减99,0,99,199.50,2018-11-11 00:00:00,2099-12-31 23:59:59,"01,02","1001,10012",说明,erp\n12,bare,,,,,,,,,\n9223372036854775807,biggest,7,0.01,0,,,,,,\n',
  coupons:
    'code,template_id,customer_id,phone,card_no,nick,channel,status,issued_at,begin_at,end_at,attribute\n' +
    'a-1,11,c1,,,,,unused,2018-11-11 10:00:00,,,"{ ""k"":""v"" }"\n' +
    'a-2,11,,13800000002,,,shop,redeemed,2018-11-12 10:00:00,2018-01-01 00:00:00,2019-01-01 00:00:00,\n' +
    'a-3,12,,,card1,,,frozen,2018-11-13 10:00:00,,,\na-4,12,,,,nick1,,recalled,2018-11-14 10:00:00,,,\na-5,12,,,,,,,2018-11-15 10:00:00,,,\n',
};
/** The terms of a template that has columns alone. */
const PLAIN = '{"limits":{"per_customer":1,"uses_per_coupon":1},"give_back":"always","rounding":"fen_half_up","splitting":"proportional"}';
const COUNTS = { departments: 2, customers: 3, templates: 3, coupons: 5 };
const KINDS = Object.keys(FILES);
let whole;
/** A store with all four files; made once and copied, with its key. */
async function full() {
  whole ??= (async () => {
    const dir = await store();
    for (const kind of KINDS) await good(dir, kind, FILES[kind], COUNTS[kind]);
    return dir;
  })();
  const dir = box.at(`store${++made}`);
  copyStore(await whole, dir);
  return dir;
}

describe('all four kinds', () => {
  test('what went in is there', async () => {
    const dir = await full();
    assert.equal(await done(['export', 'departments', `--data=${dir}`]), FILES.departments);
    assert.equal(await done(['export', 'customers', `--data=${dir}`]), FILES.customers);
    const templates = await exported(dir, 'templates');
    assert.deepEqual(templates.map((t) => t.template_id), ['11', '12', '9223372036854775807']);
    assert.deepEqual({ ...templates[0] }, {
      template_id: '11', name: '满199减99', type: '0', amount: '99', threshold: '199.50', begin_at: '2018-11-11 00:00:00',
      end_at: '2099-12-31 23:59:59', shops: '01,02', categories: '1001,10012', description: '说明', channel: 'erp', terms: PLAIN,
    });
    assert.deepEqual(Object.values(templates[1]), ['12', 'bare', '', '', '', '', '', '', '', '', '', PLAIN]);
    assert.deepEqual([templates[2].amount, templates[2].threshold], ['0.01', '0']);
    const coupons = await exported(dir, 'coupons');
    assert.deepEqual(coupons.map((c) => [c.code, c.customer_id, c.status]), [
      ['a-1', 'c1', 'unused'], ['a-2', 'c2', 'redeemed'], ['a-3', 'c1', 'frozen'], ['a-4', 'c1', 'recalled'], ['a-5', '', 'unused'],
    ]);
    assert.deepEqual(coupons[0], { // begin, end and channel are the template's
      code: 'a-1', template_id: '11', customer_id: 'c1', phone: '13800000001', card_no: 'card1', nick: 'nick1', channel: 'erp', status: 'unused',
      issued_at: '2018-11-11 10:00:00', begin_at: '2018-11-11 00:00:00', end_at: '2099-12-31 23:59:59', attribute: '{ "k":"v" }',
    });
    assert.equal(coupons[1].channel, 'shop');
    await verify(dir);
  });
  test('the same files again change nothing', async () => {
    const dir = await full();
    const before = await entries(dir);
    for (const kind of KINDS) await good(dir, kind, FILES[kind], COUNTS[kind]);
    assert.equal(await entries(dir), before);
  });
  test('columns in any order, left out, with a BOM, CRLF, quotes, spaces, empty lines, no last newline', async () => {
    const dir = await store();
    await good(dir, 'customers', '\ufeffphone, name ,customer_id\r\n"13800000009","逗号,""引号""\r\n换行", x1 \r\n\r\n13800000008,plain,"x2"', 2);
    const [one, two] = await exported(dir, 'customers');
    assert.deepEqual([one.customer_id, one.phone, one.name], ['x1', '13800000009', '逗号,"引号"\r\n换行']);
    assert.deepEqual([two.customer_id, two.phone, two.name, two.code], ['x2', '13800000008', 'plain', '']);
    await good(dir, 'departments', 'department_id\n', 0);
  });
});

describe('refused as a whole', () => {
  const wrong = {
    'an unknown column': ['customers', 'customer_id,colour\nc1,red\n', /colour/],
    'a column twice': ['customers', 'phone,phone\n1,2\n', /phone/],
    'a required column missing': ['coupons', 'code,phone\na,1\n', /template_id/],
    'an empty column name': ['customers', 'phone,\n1,2\n', /column/],
    'nothing in it': ['customers', '', /header/],
  };
  for (const [name, [kind, content, about]] of Object.entries(wrong))
    test(name, async () => {
      const dir = await store();
      const before = await entries(dir);
      const r = await bring(dir, kind, content);
      assert.ok(r.status === 1 || r.status === 2, String(r.status));
      assert.match(r.stderr, about);
      assert.equal(r.raw, null);
      assert.equal(await entries(dir), before);
    });
  test('a file that is not there, a folder', async () => {
    const dir = await store();
    for (const path of [box.at('nothing.csv'), box.path]) {
      const r = await bring(dir, 'customers', path);
      assert.equal(r.status, 1);
      assert.match(r.stderr, /^couponry: file_unreadable: /);
    }
  });
});

describe('updates', () => {
  test('departments, customers and templates are updated, empty cells clear', async () => {
    const dir = await full();
    await good(dir, 'departments', 'department_id,code,name,source_code\nd1,D1,采购部,\n', 1);
    await good(dir, 'customers', 'customer_id,code,name,source_code,nick,phone,card_no\nc1,C1,张三丰,,nick1,,card9\n', 1);
    await good(dir, 'templates', 'template_id,name,amount\n11,renamed,98.50\n', 1);
    assert.deepEqual(Object.values((await exported(dir, 'departments'))[0]), ['d1', 'D1', '采购部', '']);
    assert.deepEqual(Object.values((await exported(dir, 'customers'))[0]), ['c1', 'C1', '张三丰', '', 'nick1', '', 'card9']);
    assert.deepEqual(Object.values((await exported(dir, 'templates'))[0]), ['11', 'renamed', '', '98.50', '', '', '', '', '', '', '', PLAIN]);
    // what was given up may be taken by another
    await good(dir, 'customers', 'customer_id,phone,card_no\nc9,13800000001,card1\n', 1);
    await verify(dir);
  });
  test('changed coupons are refused, whatever the change', async () => {
    const dir = await full();
    const before = await exported(dir, 'coupons');
    const [header, first] = FILES.coupons.split('\n');
    const names = header.split(',');
    const cells = csvRows(first + '\n')[0];
    const change = (column, value) => {
      const row = [...cells];
      row[names.indexOf(column)] = value;
      return row.map((v) => (/[",]/.test(v) ? `"${v.replaceAll('"', '""')}"` : v)).join(',');
    };
    const changes = [['template_id', '12'], ['customer_id', 'c2'], ['channel', 'other'], ['status', 'redeemed'], ['issued_at', '2018-11-11 10:00:01'],
      ['begin_at', '2018-11-11 00:00:01'], ['end_at', '2098-01-01 00:00:00'], ['attribute', 'x']];
    const count = await entries(dir);
    const r = await bring(dir, 'coupons', [header, ...changes.map((c) => change(...c)), ''].join('\n'));
    assert.equal(r.status, 1);
    assert.equal(r.refused, changes.length);
    for (const reason of r.reasons) assert.match(reason.reason, /^coupon_changed/);
    assert.match(r.stderr, /rows_refused: see .*coupons\.csv\.refused\.csv/);
    assert.deepEqual(await exported(dir, 'coupons'), before);
    assert.equal(await entries(dir), count);
  });
  test('a customer of a coupon row: the first of the four, made if unknown, with all four', async () => {
    const dir = await full();
    await good(dir, 'coupons', 'code,template_id,customer_id,phone,card_no,nick\nb-1,12,new-1,13500000001,cardn,nickn\nb-2,12,,13500000002,,\nb-3,12,,,,nickn\nb-4,12,c1,,,other-nick\n', 4);
    const customers = await exported(dir, 'customers');
    assert.deepEqual(Object.values(customers.find((c) => c.customer_id === 'new-1')), ['new-1', '', '', '', 'nickn', '13500000001', 'cardn']);
    const coupons = await exported(dir, 'coupons');
    const of = (code) => coupons.find((c) => c.code === code);
    assert.match(of('b-2').customer_id, /^\d{18}$/);
    assert.equal(of('b-3').customer_id, 'new-1');
    assert.equal(of('b-4').customer_id, 'c1');
    assert.equal(of('b-4').nick, 'nick1'); // the others are ignored on a known customer
  });
});

describe('refused rows', () => {
  test('line, reason and the row itself', async () => {
    const dir = await full();
    const lines = [
      'status,code,template_id,phone,issued_at,attribute',
      'unused,r-1,11,,,', // 2: good
      'unused,r-2,77,,,', // 3: unknown template
      'unused,,11,,,', // 4: no code
      'gone,r-4,11,,,', // 5
      'expired,r-5,11,,,', // 6: is never stored
      'unused,r-6,eleven,,,', // 7
      'unused,r-7,-11,,,', // 8
      'unused,r-8,9223372036854775808,,,', // 9
      'unused,r-9,11,,2018-02-30 00:00:00,', // 10
      'unused,r-10,11,,2018-01-01,', // 11
      `unused,${'x'.repeat(101)},11,,,`, // 12
      'unused,r-12,11,', // 13: too few cells
      'unused,r-13,11,,,,', // 14: too many
      'unused,r-14,11,,,"two', 'lines"', // 15, 16: good
      'unused,"r\u0001",11,,,', // 17: control character
      'unused,r-1,12,,,', // 18: there with other contents
      '"unused,r-18', // 19: quotes that never close
    ];
    const r = await bring(dir, 'coupons', lines.join('\n') + '\n');
    assert.equal(r.status, 1);
    const reasons = r.reasons.map((x) => [Number(x.line), x.reason]);
    const expected = [
      [3, /^template_unknown: template_id 77$/], [4, /^parameter_missing: code$/], [5, /^parameter_invalid: status gone$/], [6, /^parameter_invalid: status expired$/],
      [7, /^parameter_invalid: template_id eleven$/], [8, /^parameter_invalid: template_id/], [9, /^parameter_invalid: template_id/],
      [10, /^parameter_invalid: issued_at/], [11, /^parameter_invalid: issued_at/], [12, /^parameter_too_long: code$/], [13, /^parameter_invalid: 4 cells instead of 6/],
      [14, /^parameter_invalid: 7 cells/], [17, /^parameter_invalid: code/], [18, /^coupon_changed/], [19, /^parameter_invalid: .*quotes/],
    ];
    assert.deepEqual(reasons.map(([line]) => line), expected.map(([line]) => line), r.raw);
    expected.forEach(([line, about], i) => assert.match(reasons[i][1], about, `line ${line}`));
    assert.equal(r.rows, 17);
    assert.equal(r.refused, expected.length);
    const rows = csvRows(r.raw);
    assert.deepEqual(rows[0], ['line', 'reason', 'status', 'code', 'template_id', 'phone', 'issued_at', 'attribute']);
    assert.deepEqual(rows[1].slice(2), ['unused', 'r-2', '77', '', '', '']);
    const there = (await exported(dir, 'coupons')).filter((c) => c.code.startsWith('r-'));
    assert.deepEqual(there.map((c) => [c.code, c.attribute]), [['r-1', ''], ['r-14', 'two\nlines']]);
    await verify(dir);
  });
  test('refused rows can be put right and imported', async () => {
    const dir = await full();
    const r = await bring(dir, 'coupons', 'code,template_id\nq-1,77\nq-2,11\n');
    assert.equal(r.refused, 1);
    await good(dir, 'templates', 'template_id,name\n77,late\n', 1);
    const [header, ...rows] = csvRows(r.raw);
    await good(dir, 'coupons', [header, ...rows].map((x) => x.slice(2).join(',')).join('\n'), 1);
  });
  test('of the other kinds', async () => {
    const dir = await full();
    const people = await bring(dir, 'customers', 'customer_id,phone,card_no\nc2,13800000001,\nc3,,card1\nc5,,\n');
    assert.deepEqual(people.reasons.map((x) => [x.line, x.reason]), [['2', 'value_taken: phone 13800000001'], ['3', 'value_taken: card_no card1']]);
    const templates = await bring(dir, 'templates', 'template_id,amount,begin_at,end_at\n0,1,,\n21,1.005,,\n22,-1,,\n23,1e3,,\n24,x,,\n25,99999999999999999999,,\n26,1,2020-01-02 00:00:00,2020-01-01 00:00:00\n27,1,,\n');
    assert.deepEqual(templates.reasons.map((x) => x.line), ['2', '3', '4', '5', '6', '7', '8'], templates.raw);
    const departments = await bring(dir, 'departments', 'department_id,code\nd2,D1\nd4,D4\n');
    assert.deepEqual(departments.reasons.map((x) => [x.line, x.reason.split(':')[0]]), [['2', 'value_taken']]);
  });
  test('bytes that are not UTF-8', async () => {
    const dir = await store();
    const path = file('customers', Buffer.concat([Buffer.from('customer_id,name\nu1,'), Buffer.from([0xc3, 0x28]), Buffer.from('\nu2,fine\n')]));
    const r = await bring(dir, 'customers', path);
    assert.equal(r.rows, 2);
    assert.match(csvRows(r.raw)[1].join(), /^2,parameter_invalid: name/);
    assert.deepEqual((await exported(dir, 'customers')).map((c) => c.customer_id), ['u2']);
  });
  test('a mebibyte in one row, 33 columns', async () => {
    const dir = await store();
    const r = await bring(dir, 'customers', `customer_id,name\nv1,${'x'.repeat(1200000)}\nv2,fine\nv3${',x'.repeat(40)}\nv4,fine\n`);
    assert.deepEqual(r.reasons.map((x) => x.line), ['2', '4']);
    assert.deepEqual((await exported(dir, 'customers')).map((c) => c.customer_id), ['v2', 'v4']);
  });
});

describe('--dry-run', () => {
  for (const where of ['alone', 'through a server'])
    test(`writes nothing and says what would be, ${where}`, async () => {
      const dir = await full();
      const s = where === 'alone' ? null : await Server.start({ dir, demo: false });
      try {
        const before = await entries(dir);
        const r = await bring(dir, 'coupons', 'code,template_id,phone\nn-1,11,13400000001\nn-2,77,\na-1,12,\n', '--dry-run');
        assert.deepEqual([r.status, r.rows, r.refused, r.dry_run], [1, 3, 2, true]);
        assert.deepEqual(r.reasons.map((x) => [x.line, x.reason.split(':')[0]]), [['3', 'template_unknown'], ['4', 'coupon_changed']]);
        for (const kind of KINDS) await good(dir, kind, FILES[kind], COUNTS[kind], '--dry-run');
        await good(dir, 'departments', 'department_id\nnew\n', 1, '--dry-run');
        assert.equal(await entries(dir), before);
        assert.equal((await exported(dir, 'coupons')).length, COUNTS.coupons);
      } finally {
        await s?.close();
      }
    });
});

describe('many rows', () => {
  const ROWS = ON_POSTGRESQL ? 20000 : 50000; // there every batch is a transaction over a socket
  const lines = ['code,template_id,customer_id,phone,status,issued_at'];
  for (let i = 0; i < ROWS; i++)
    lines.push(`m-${i},11,mc-${i % 5000},139${String(i % 5000).padStart(8, '0')},${['unused', 'redeemed', 'frozen', 'recalled'][i % 4]},2020-01-01 00:00:${String(i % 60).padStart(2, '0')}`);
  const content = lines.join('\n') + '\n';

  test(`${ROWS} in; the same again; out, into a fresh store, out: equal`, { timeout: 120000 }, async () => {
    const dir = await store();
    await good(dir, 'templates', FILES.templates, 3);
    const began = Date.now();
    await good(dir, 'coupons', content, ROWS);
    const took = Date.now() - began;
    const before = await entries(dir);
    assert.ok(before >= ROWS);
    await good(dir, 'coupons', content, ROWS);
    assert.equal(await entries(dir), before, 'a repeated import changes nothing');
    const out = box.at('out.csv');
    await done(['export', 'coupons', out, `--data=${dir}`]);
    const rows = csvObjects(text(out));
    assert.equal(rows.length, ROWS);
    rows.forEach((r, i) => i % 997 || assert.deepEqual([r.code, r.customer_id, r.status], [`m-${i}`, `mc-${i % 5000}`, ['unused', 'redeemed', 'frozen', 'recalled'][i % 4]]));
    assert.equal((await exported(dir, 'customers')).length, 5000);

    const copy = await store();
    for (const kind of ['departments', 'customers', 'templates', 'coupons']) {
      const path = box.at(`copy-${kind}.csv`);
      await done(['export', kind, path, `--data=${dir}`]);
      assert.equal((await bring(copy, kind, path)).status, 0);
      assert.equal(await done(['export', kind, `--data=${copy}`]), text(path), kind);
    }
    console.log(`# ${ROWS} coupons imported in ${took} ms`);
  });
  test('the server is stopped meanwhile: the command says so, and may be repeated', { timeout: 60000 }, async () => {
    const s = await Server.start();
    const path = file('coupons', content);
    try {
      const importing = command(['import', 'coupons', path, `--data=${s.dir}`]);
      await until(async () => (await exported(s.dir, 'customers')).length > 1000, 10000, 'the first thousand');
      const began = Date.now();
      assert.equal(await s.stop(), 0);
      assert.ok(Date.now() - began < 5000);
      const r = await importing;
      if (r.status !== 0) { // else it was quicker
        assert.equal(r.status, 1);
        assert.match(r.stderr, /^couponry: shutting_down: /);
      }
      await good(s.dir, 'coupons', path, ROWS);
      assert.equal((await exported(s.dir, 'coupons')).length, ROWS + 5);
      await verify(s.dir);
    } finally {
      await s.close();
    }
  });
  test('while served, with calls going on', { timeout: 120000 }, async () => {
    const s = await Server.start();
    try {
      const importing = bring(s.dir, 'coupons', file('coupons', content.split('\n').slice(0, 20001).join('\n') + '\n'));
      let calls = 0, worst = 0, finished = false;
      importing.then(() => (finished = true));
      while (!finished) {
        const began = Date.now();
        assert.equal((await find(s, { phone: '18612255668' })).success, true);
        worst = Math.max(worst, Date.now() - began);
        calls++;
      }
      const r = await importing;
      assert.deepEqual([r.status, r.rows, r.refused], [0, 20000, 0], r.raw ?? r.stderr);
      assert.equal((await find(s, { phone: '13900000007' })).result.total_count, 4);
      console.log(`# ${calls} queries meanwhile, the slowest took ${worst} ms`);
      await verify(s.dir);
    } finally {
      await s.close();
    }
  });
});
