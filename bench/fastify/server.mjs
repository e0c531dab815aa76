// What most would write: Fastify in front of PostgreSQL, one prepared statement per call.
//
//   node server.mjs PORT CONNECTION-STRING POOL
//
//   POST /provide  {coupon_id, buyer_nicks: [nick]}   issues one coupon to a nick, the same one again to a repeat
//   POST /wallet   {customer_id, card_id}             one coupon with its template and its holder
//   POST /redeem   {code, order_no, shop, amount_fen} a coupon that is unused and good becomes redeemed
import Fastify from 'fastify';
import pg from 'pg';

const [port, url, size] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: url, max: Number(size) });
const app = Fastify({ logger: false });

// In one statement: the holder is made when unknown, the coupon when he has none of this template.
const PROVIDE = {
  name: 'provide',
  text: `WITH holder AS (
           INSERT INTO usual.customer (nick) VALUES ($2)
           ON CONFLICT (nick) DO UPDATE SET nick = excluded.nick RETURNING id)
         INSERT INTO usual.coupon (template_id, customer_id, code)
         SELECT t.id, holder.id, encode(gen_random_bytes(8), 'hex') FROM holder, usual.template t
         WHERE t.id = $1 AND t.ends_at > now()
         ON CONFLICT (template_id, customer_id) DO UPDATE SET code = usual.coupon.code
         RETURNING code`,
};
const WALLET = {
  name: 'wallet',
  text: `SELECT c.code, c.status, c.issued_at, t.id AS template_id, t.name, t.amount, t.threshold, t.begins_at, t.ends_at,
                h.id AS customer_id, h.nick
         FROM usual.coupon c JOIN usual.template t ON t.id = c.template_id JOIN usual.customer h ON h.id = c.customer_id
         WHERE c.code = $2 AND h.id = $1`,
};
const REDEEM = {
  name: 'redeem',
  text: `UPDATE usual.coupon c SET status = 1, redeemed_at = now(), order_no = $2, shop = $3, amount = $4
         FROM usual.template t WHERE c.code = $1 AND c.status = 0 AND t.id = c.template_id AND t.ends_at > now() AND t.threshold <= $4
         RETURNING c.id, t.amount`,
};
const object = { type: 'object' };
app.post('/provide', { schema: { body: object } }, async (request) => {
  const { coupon_id, buyer_nicks } = request.body;
  const { rows } = await pool.query({ ...PROVIDE, values: [coupon_id, buyer_nicks[0]] });
  return { code: 0, send_results: rows.map((r) => ({ code: 0, coupon_number: r.code, buyer_nick: buyer_nicks[0] })) };
});
app.post('/wallet', { schema: { body: object } }, async (request, reply) => {
  const { rows } = await pool.query({ ...WALLET, values: [request.body.customer_id, request.body.card_id] });
  if (rows.length === 0) return reply.code(404).send({ code: 1 });
  return { code: '0', message: 'success', data: rows[0] };
});
app.post('/redeem', { schema: { body: object } }, async (request, reply) => {
  const { code, order_no, shop, amount_fen } = request.body;
  const { rows } = await pool.query({ ...REDEEM, values: [code, order_no, shop, amount_fen] });
  if (rows.length === 0) return reply.code(409).send({ code: 'coupon_redeemed' });
  return { code, state: 'redeemed', discount_fen: Number(rows[0].amount) };
});
await app.listen({ port: Number(port), host: '127.0.0.1' });
