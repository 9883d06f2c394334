// What an application with Knex does, its introspection and its migration status.
const fs = require("fs");
const os = require("os");
const path = require("path");
const makeKnex = require("knex");

async function main() {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "knex-"));
  fs.writeFileSync(path.join(directory, "001_first.js"), "exports.up = async () => {}; exports.down = async () => {};");
  const knex = makeKnex({ client: "pg", connection: process.env.DATABASE_URL, pool: { min: 1, max: 1 }, migrations: { directory } });
  await knex.migrate.currentVersion();
  await knex.migrate.list();
  await knex.migrate.status();
  await knex.schema.hasTable("customers");
  await knex.schema.hasColumn("customers", "segment");
  await knex("products").columnInfo();
  await knex("products").select("id", "name").where("price", ">", 30).orderBy("price", "desc").limit(4).offset(1);
  await knex("products").where({ active: true }).whereIn("category_id", [5, 6]).whereNotNull("description").first();
  await knex("orders as o").join("customers as c", "c.id", "o.customer_id").leftJoin("payments as p", "p.order_id", "o.id").select("o.id", "c.name", "p.amount").whereBetween("o.id", [3, 9]).andWhere((b) => b.where("o.status", "paid").orWhereNull("p.id"));
  await knex("orders").count("* as n").groupBy("status").select("status").havingRaw("count(*) > ?", [10]);
  await knex("reviews").avg("rating as r").max("helpful as h").where("product_id", 4);
  await knex("customers").distinct("country").whereRaw("preferences->>'theme' = ?", ["dark"]);
  await knex.with("big", knex("order_items").where("quantity", ">", 2)).select("*").from("big").limit(3);
  await knex("orders").select("id", knex.raw("row_number() over (partition by customer_id order by placed_at) as n")).limit(3);
  await knex.select(knex.raw("? as a", [1])).union(knex.select(knex.raw("? as a", [2])));
  await knex("orders").whereExists(knex("payments").whereRaw("payments.order_id = orders.id")).count();
  await knex("customers").whereJsonPath("preferences", "$.theme", "=", "dark").limit(1);
  const [{ id }] = await knex("customers").insert({ name: "Knex", email: "knex@post.example", country: "US", preferences: { x: 1 } }).returning("id");
  await knex("customers").insert([{ name: "k2", email: "knex@post.example", country: "US" }]).onConflict("email").merge(["name"]);
  await knex("settings").insert({ key: "theme", value: JSON.stringify("x") }).onConflict("key").ignore();
  await knex.batchInsert("settings", [{ key: "k1", value: "1" }, { key: "k2", value: "2" }], 1);
  await knex("customers").where({ id }).update({ newsletter: true }, ["id", "updated_at"]);
  await knex("coupons").where("code", "SPRING").increment("uses", 1);
  await knex.transaction(async (trx) => {
    await trx("customers").where({ id }).forUpdate().first();
    await trx.transaction(async (inner) => { await inner("settings").where("key", "k1").del(); });
  });
  await knex.transaction(async (trx) => { await trx("orders").where("id", 1).forShare().noWait().select("id"); }, { isolationLevel: "serializable" });
  await knex("settings").whereIn("key", ["k1", "k2"]).del();
  await knex("customers").where({ id }).del();
  await knex.raw("select ?::int + ?::int as s", [1, 2]);
  await knex.destroy();
  fs.rmSync(directory, { recursive: true });
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
