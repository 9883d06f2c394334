// node-postgres itself: pool, named statements, cursors by hand, transactions.
const { Pool } = require("pg");

async function main() {
  const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 1, application_name: "shop-api", statement_timeout: 30000 });
  await pool.query("SELECT NOW()");
  await pool.query("SELECT $1::text AS message", ["hello"]);
  await pool.query({ name: "customer-by-id", text: "SELECT id, name FROM customers WHERE id = $1", values: [7] });
  await pool.query({ name: "customer-by-id", text: "SELECT id, name FROM customers WHERE id = $1", values: [8] });
  await pool.query("SELECT id FROM products WHERE tags && $1::text[] AND specs @> $2", [["tag1", "tag2"], { color: "red" }]);
  await pool.query("SELECT * FROM orders WHERE placed_at >= $1 AND status = ANY($2::order_status[]) ORDER BY id LIMIT $3", [new Date("2024-02-01T00:00:00Z"), ["paid", "shipped"], 5]);
  const client = await pool.connect();
  await client.query("BEGIN");
  await client.query("INSERT INTO settings (key, value) VALUES ($1, $2)", ["pg", { a: 1 }]);
  await client.query("SAVEPOINT s");
  await client.query("DELETE FROM settings WHERE key = $1", ["pg"]);
  await client.query("ROLLBACK TO SAVEPOINT s");
  await client.query("RELEASE SAVEPOINT s");
  await client.query("ROLLBACK");
  await client.query("LISTEN orders_changed");
  await client.query("NOTIFY orders_changed, '42'");
  await client.query("UNLISTEN *");
  await client.query({ text: "SELECT id, total FROM order_totals ORDER BY total DESC LIMIT 3", rowMode: "array" });
  client.release();
  await pool.end();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
