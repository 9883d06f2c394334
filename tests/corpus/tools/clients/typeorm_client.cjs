// What an application with TypeORM does, its introspection and its migration status.
require("reflect-metadata");
const { DataSource, EntitySchema, In, Between, ILike, IsNull, MoreThan } = require("typeorm");

const Category = new EntitySchema({
  name: "Category", tableName: "categories",
  columns: { id: { type: "int", primary: true, generated: true }, name: { type: "text" } },
  relations: { parent: { type: "many-to-one", target: "Category", joinColumn: { name: "parent_id" }, nullable: true } },
});
const Product = new EntitySchema({
  name: "Product", tableName: "products",
  columns: {
    id: { type: "int", primary: true, generated: true }, sku: { type: "text" }, name: { type: "text" }, description: { type: "text", default: "" },
    price: { type: "numeric" }, cost: { type: "numeric" }, tags: { type: "text", array: true }, specs: { type: "jsonb" }, active: { type: "boolean", default: true },
  },
  relations: { category: { type: "many-to-one", target: "Category", joinColumn: { name: "category_id" } } },
});
const Setting = new EntitySchema({
  name: "Setting", tableName: "settings",
  columns: { key: { type: "text", primary: true }, value: { type: "jsonb" }, updatedAt: { type: "timestamptz", name: "updated_at", updateDate: true } },
});

async function main() {
  const source = new DataSource({ type: "postgres", url: process.env.DATABASE_URL, entities: [Category, Product, Setting], poolSize: 2 });
  await source.initialize();
  const runner = source.createQueryRunner();
  await runner.getTable("products");
  await runner.hasTable("customers");
  await runner.getDatabases();
  await runner.getSchemas();
  await runner.getCurrentDatabase();
  await runner.getCurrentSchema();
  await source.driver.createSchemaBuilder().log();
  await runner.query('SELECT * FROM "migrations" "migrations" ORDER BY "id" DESC');
  await runner.release();
  const products = source.getRepository("Product");
  await products.find({ take: 3 });
  await products.findOneBy({ id: 4 });
  await products.find({ where: [{ price: Between(10, 30), active: true }, { name: ILike("lamp%") }], order: { id: "DESC" }, relations: { category: true }, take: 3, skip: 1 });
  await products.findAndCount({ where: { id: In([1, 2, 3]) } });
  await products.countBy({ price: MoreThan(40) });
  await products.exists({ where: { sku: "SKU-0001" } });
  await products.sum("price", { active: true });
  await source.getRepository("Category").find({ where: { parent: IsNull() } });
  await products.createQueryBuilder("p").leftJoinAndSelect("p.category", "c").where("p.price > :min", { min: 20 }).andWhere("c.name IN (:...names)", { names: ["Novels", "Pots"] }).orderBy("p.price").limit(4).getMany();
  await products.createQueryBuilder("p").select("p.category_id", "category").addSelect("avg(p.price)", "price").groupBy("p.category_id").having("count(*) > 1").getRawMany();
  await products.createQueryBuilder("p").where((qb) => "p.id IN " + qb.subQuery().select("r.product_id").from("reviews", "r").where("r.rating = 5").getQuery()).getCount();
  const made = await products.save({ sku: "TYP-1", name: "TypeORM", price: 5, cost: 2, tags: ["x"], specs: { a: 1 }, category: { id: 5 } });
  await products.update({ id: made.id }, { name: "TypeORM 2" });
  await products.increment({ id: made.id }, "price", 1);
  await source.getRepository("Setting").upsert([{ key: "typeorm", value: { x: true } }], ["key"]);
  await source.getRepository("Setting").save({ key: "typeorm", value: { x: false } });
  await source.transaction("SERIALIZABLE", async (manager) => {
    await manager.getRepository("Product").findOne({ where: { id: made.id }, lock: { mode: "pessimistic_write" } });
    await manager.getRepository("Product").delete(made.id);
  });
  await source.getRepository("Setting").delete({ key: "typeorm" });
  await source.createQueryBuilder().insert().into("Setting").values({ key: "typeorm2", value: {} }).orIgnore().execute();
  await source.createQueryBuilder().delete().from("Setting").where("key = :k", { k: "typeorm2" }).execute();
  await source.destroy();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
