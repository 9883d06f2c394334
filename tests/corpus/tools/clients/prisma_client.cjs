// What an application with Prisma's client and the pg driver adapter does. DATABASE_URL names the database.
const { PrismaPg } = require("@prisma/adapter-pg");
const { PrismaClient, Prisma } = require("../generated/prisma");

async function main() {
  const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: process.env.DATABASE_URL, max: 1 }) });
  await prisma.customers.findMany({ take: 3 });
  await prisma.customers.findUnique({ where: { id: 5 } });
  await prisma.customers.findFirst({ where: { name: { contains: "Customer 1", mode: "insensitive" } }, orderBy: { id: "desc" } });
  await prisma.customers.findMany({
    where: { OR: [{ country: "DE" }, { segment: { in: ["business", "education"] } }], NOT: { newsletter: true } },
    select: { id: true, name: true }, skip: 2, take: 5, orderBy: [{ country: "asc" }, { id: "desc" }],
  });
  await prisma.customers.findMany({ include: { addresses: true, reviews: { where: { rating: { gte: 4 } } } }, take: 2 });
  await prisma.products.findMany({ where: { tags: { has: "tag1" }, price: { gte: 20, lt: 60 } }, take: 4 });
  await prisma.products.findMany({ where: { specs: { path: ["color"], equals: "red" } }, take: 2 });
  await prisma.products.findMany({ where: { reviews: { some: { rating: 5 } } }, take: 2 });
  await prisma.products.findMany({ where: { reviews: { none: { rating: 1 } } }, take: 2 });
  await prisma.products.count({ where: { active: true } });
  await prisma.reviews.aggregate({ _avg: { rating: true }, _count: true, _max: { written_at: true } });
  await prisma.reviews.groupBy({ by: ["product_id"], _avg: { rating: true }, having: { rating: { _avg: { gt: 2 } } }, orderBy: { product_id: "asc" }, take: 5 });
  const made = await prisma.customers.create({ data: { name: "Prisma", email: "prisma@post.example", country: "FR", preferences: { a: 1 } } });
  await prisma.customers.update({ where: { id: made.id }, data: { newsletter: true, updated_at: new Date("2024-05-05T10:00:00Z") } });
  await prisma.customers.upsert({ where: { email: "prisma@post.example" }, create: { name: "x", email: "x@post.example", country: "FR" }, update: { name: "Prisma 2" } });
  await prisma.addresses.createMany({ data: [1, 2].map((n) => ({ customer_id: made.id, kind: "k" + n, street: "s", city: "c", zip: "z" })) });
  await prisma.customers.update({ where: { id: made.id }, data: { addresses: { create: { kind: "x", street: "s", city: "c", zip: "z" } } } });
  await prisma.products.updateMany({ where: { id: { in: [1, 2] } }, data: { price: { increment: 1 } } });
  await prisma.addresses.deleteMany({ where: { customer_id: made.id } });
  await prisma.$transaction([prisma.settings.findMany(), prisma.settings.update({ where: { key: "theme" }, data: { value: "light" } })]);
  await prisma.$transaction(async (tx) => {
    const row = await tx.settings.create({ data: { key: "prisma", value: { deep: [1, 2] } } });
    await tx.settings.delete({ where: { key: row.key } });
  }, { isolationLevel: Prisma.TransactionIsolationLevel.Serializable });
  await prisma.$queryRaw`SELECT id, name FROM products WHERE price > ${30} ORDER BY id LIMIT 2`;
  await prisma.$executeRaw`UPDATE settings SET updated_at = now() WHERE key = ${"theme"}`;
  await prisma.customers.delete({ where: { id: made.id } });
  await prisma.$disconnect();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
