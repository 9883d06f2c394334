// node's postgres: everything prepared and pipelined; cursors, COPY streams, transactions with savepoints, notifications, cancel.
import { once } from "node:events";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import postgres from "postgres";

const show = (...what) => console.log(what.map((one) => (typeof one === "string" ? one : JSON.stringify(one))).join(" "));
const failing = async (action) => {
  try {
    await action();
    show("no error");
  } catch (error) {
    show("error", error.code ?? "", error.message);
  }
};
const notices = [];
const sql = postgres({ ssl: false, max: 1, onnotice: (notice) => notices.push([notice.severity, notice.code, notice.message]) });

show(await sql`SELECT ${41}::int + 1 AS n, ${"it's"} AS t, ${null}::text AS nothing, ${[1, 2, 3]}::int[] AS list, ${sql.json({ a: 1 })}::jsonb AS j`);
const rows = await sql`SELECT id, name, birth_date, credit_limit FROM customers WHERE id < ${4} ORDER BY id`;
show(rows, rows.columns.map((c) => [c.name, c.type, c.number]), rows.command, rows.count);
show((await Promise.all(Array.from({ length: 10 }, (_, n) => sql`SELECT sku FROM products WHERE id = ${n + 1}`))).map((r) => r[0].sku));
show(await sql.unsafe("SELECT 1 AS a; SELECT 2 AS b"));
await failing(() => sql`SELECT 1 / ${0}::int`);
await failing(() => sql`SELECT * FROM no_such_table`);
await failing(() => Promise.all([sql`SELECT 1`, sql`SELECT nonsense`, sql`SELECT 2`]));
await failing(() =>
  sql.begin(async (tx) => {
    show(await tx`INSERT INTO products ${tx([{ sku: "PG-1", title: "x", price: 3 }, { sku: "PG-2", title: "y", price: 4 }])} RETURNING sku`);
    await failing(() => tx.savepoint((inner) => inner`INSERT INTO products (sku, title, price) VALUES ('PG-1', 'again', 1)`));
    show(await tx`SELECT count(*) FROM products WHERE sku LIKE 'PG-%'`);
    throw new Error("rolled back on purpose");
  }),
);
let seen = 0;
await sql`SELECT id FROM orders ORDER BY id LIMIT 500`.cursor(90, (chunk) => { seen += chunk.length; });
show(seen);
for await (const [row] of sql`SELECT generate_series(1, 4) AS n`.cursor()) show(row);
await sql`CREATE TEMP TABLE numbers (n int, label text)`;
const into = await sql`COPY numbers FROM STDIN`.writable();
await pipeline(Readable.from(["1\tone\n", "2\t\\N\n"]), into);
show(await sql`SELECT * FROM numbers ORDER BY n`);
const out = await sql`COPY (SELECT id, sku FROM products ORDER BY id LIMIT 3) TO STDOUT`.readable();
let text = "";
out.on("data", (chunk) => { text += chunk; });
await once(out, "end");
show(text);
await sql`DO $$ BEGIN RAISE NOTICE 'noticed'; END $$`;
show(notices);
const heard = new Promise((resolve) => sql.listen("shop", resolve).then(() => sql.notify("shop", "hello")));
show(await heard);
const sleeping = sql`SELECT pg_sleep(20)`;
setTimeout(() => sleeping.cancel(), 400);
await failing(() => sleeping);
show(await sql`SELECT 'alive' AS state`);
await sql.end();
