// node's pg: text protocol, parameters, named prepared statements, pool, errors, notifications, cancel by timeout, types.
import pg from "pg";

const show = (...what) => console.log(what.map((one) => (typeof one === "string" ? one : JSON.stringify(one))).join(" "));
const failing = async (action) => {
  try {
    await action();
    show("no error");
  } catch (error) {
    show("error", error.code ?? "", error.message, error.detail ?? "", error.constraint ?? "");
  }
};

const client = new pg.Client({ ssl: false });
await client.connect();
const fields = (result) => result.fields.map((f) => [f.name, f.dataTypeID, f.format, f.columnID]);
let result = await client.query("SELECT 1 AS one, NULL AS nothing, 'text' AS text, 1.5::numeric AS n, true AS yes, '{1,2}'::int[] AS list");
show(result.rows, fields(result), result.command, result.rowCount);
result = await client.query("SELECT $1::int + 1 AS n, $2::text AS t, $3::jsonb AS j, $4::timestamptz AS d, $5::text[] AS l", [
  41, "it's", { a: [1, null] }, new Date(Date.UTC(2024, 1, 29)), ["a", null, 'q"'],
]);
show(result.rows, fields(result));
result = await client.query({ text: "SELECT id, name, city FROM customers WHERE id < $1 ORDER BY id", values: [4], rowMode: "array" });
show(result.rows);
for (const id of [1, 2, 3]) show((await client.query({ name: "by-id", text: "SELECT sku, price FROM products WHERE id = $1", values: [id] })).rows);
show((await client.query({ text: "SELECT id, stock, discontinued FROM products WHERE id = $1", values: [7], binary: true })).rows.length);
show((await client.query("SELECT 1 AS a; SELECT 2 AS b; UPDATE products SET stock = stock WHERE id = 1")).map((r) => [r.command, r.rowCount, r.rows]));
await failing(() => client.query("SELECT 1/0"));
await failing(() => client.query("SELECT * FROM no_such_table"));
await failing(() => client.query("SELECT $1::int", ["x"]));
await failing(() => client.query({ name: "by-id", text: "SELECT 2" }));
await client.query("BEGIN");
show((await client.query("INSERT INTO products (sku, title, price) VALUES ($1, $2, $3) RETURNING sku, stock", ["N-1", "node", 5])).rows);
await failing(() => client.query("INSERT INTO products (sku, title, price) VALUES ('N-1', 'again', 1)"));
await failing(() => client.query("SELECT 'in a failed transaction'"));
await client.query("ROLLBACK");
const notes = [];
client.on("notification", (note) => notes.push([note.channel, note.payload, note.processId === client.processID]));
client.on("notice", (notice) => notes.push([notice.severity, notice.code, notice.message]));
await client.query("LISTEN shop");
await client.query("NOTIFY shop, 'hello'");
await client.query("DO $$ BEGIN RAISE NOTICE 'noticed'; END $$");
show(notes);
await client.query("SET statement_timeout = 300");
await failing(() => client.query("SELECT pg_sleep(20)"));
await client.query("RESET statement_timeout");
result = await client.query("SELECT g, repeat('x', 100) AS pad FROM generate_series(1, 5000) g");
show(result.rowCount, result.rows[4999].g);
show((await client.query("SELECT lpad('x', 2000000, 'y') AS long")).rows[0].long.length);
show((await Promise.all([1, 2, 3].map((n) => client.query("SELECT $1::int AS n", [n])))).map((r) => r.rows));
await client.end();

const pool = new pg.Pool({ ssl: false, max: 4 });
const sums = await Promise.all(Array.from({ length: 20 }, (_, n) => pool.query("SELECT sum(total) AS s FROM order_totals WHERE customer_id = $1", [n + 1])));
show(sums.map((r) => r.rows[0].s));
await pool.end();
