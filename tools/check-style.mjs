#!/usr/bin/env node
// What a machine can keep of STYLE.md: who may include whom, lengths of lines, functions and files,
// and words that have no place in the project. Prints what is wrong; last line "N passed, N failed".
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n').filter((f) => f && !f.startsWith('out/'));
const problems = [];
const say = (file, line, text) => problems.push(`${file}:${line}: ${text}`);

// A layer never calls the one before it. Folder -> what it may include (prefixes).
const may = {
  'src/base/': ['base/'],
  'src/http/': ['base/', 'http/'],
  'src/store/': ['base/', 'store/', 'domain/records.tbl.h', 'domain/domain.h'],
  'src/domain/': ['base/', 'store/store.h', 'domain/'],
  'src/bulk/': ['base/', 'domain/', 'store/store.h', 'store/engine.h', 'bulk/'],
  'src/dialect/': ['base/', 'http/http.h', 'domain/domain.h', 'domain/faults.tbl.h', 'dialect/', 'serve/call.h', 'bulk/bulk.h'],
  'src/courier/': ['base/', 'domain/', 'store/engine.h', 'store/store.h', 'bulk/', 'courier/'],
  'src/cli/': ['base/', 'bulk/', 'courier/courier.h', 'domain/domain.h', 'store/engine.h', 'store/store.h', 'store/pg_migrate.h', 'store/copy.h', 'dialect/dialect.h', 'cli/'],
  'src/serve/': ['base/', 'courier/courier.h', 'http/http.h', 'domain/', 'store/engine.h', 'store/store.h', 'dialect/dialect.h', 'cli/', 'serve/'],
};

// Functions above 70 lines that explain themselves in the comment above them say "Long:".
function functions(file, lines) {
  let start = -1, name = '';
  lines.forEach((line, i) => {
    if (line === '{') {
      start = i;
      name = lines.slice(Math.max(0, i - 3), i).join(' ').match(/(\w+)\s*\([^()]*(\([^()]*\)[^()]*)*\)\s*$/)?.[1] ?? '?';
    } else if (line === '}' && start >= 0) {
      const above = lines.slice(Math.max(0, start - 12), start).join('\n');
      if (i - start - 1 > 70 && !/Long:/.test(above)) say(file, start + 1, `${name} has ${i - start - 1} lines (70)`);
      start = -1;
    }
  });
}

const banned = [/\/(work|farm)\//, new RegExp('farm-' + '(studio|bench)'), new RegExp('\\.lib' + 'rary'), /registry\.npm/, /deb\.debian/];
for (const file of files) {
  let text;
  try { text = readFileSync(file, 'utf8'); } catch { continue; }
  const lines = text.split('\n');
  const code = /^src\/.*\.(c|h)$/.test(file);
  lines.forEach((line, i) => {
    for (const b of banned) if (b.test(line) && file !== 'tools/check-style.mjs') say(file, i + 1, `names ${b}`);
    if (code && !file.endsWith('.tbl.h')) {
      let width = 0;
      for (const c of line) width = c === '\t' ? (Math.floor(width / 8) + 1) * 8 : width + 1;
      if (width > 100 && !/clang-format off/.test(text)) say(file, i + 1, `${width} columns`);
      if (/[ \t]+$/.test(line)) say(file, i + 1, 'white space at the end');
    }
  });
  if (!/^src\/.*\.(c|h)$/.test(file)) continue;
  if (lines.length > 601) say(file, lines.length, `${lines.length - 1} lines: split it by idea (600)`);
  if (file.endsWith('.c')) functions(file, lines);
  if (file.endsWith('.h') && !file.endsWith('.tbl.h') && !/#pragma once/.test(text)) say(file, 1, 'no #pragma once');
  const rules = Object.entries(may).find(([folder]) => file.startsWith(folder))?.[1];
  lines.forEach((line, i) => {
    const include = /^#include "([^"]+)"/.exec(line)?.[1];
    if (include && rules && !rules.some((r) => include.startsWith(r))) say(file, i + 1, `may not include ${include}`);
  });
}
for (const p of problems) console.log(p);
console.log(`${files.length} passed, ${problems.length} failed`);
process.exit(problems.length ? 1 : 0);
