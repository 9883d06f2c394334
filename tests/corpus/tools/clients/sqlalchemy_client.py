"""What an application with SQLAlchemy does on connect, for introspection, with its ORM; and Alembic's look at its table."""
import os

from sqlalchemy import (Column, ForeignKey, Integer, MetaData, Numeric, String, Table, case, create_engine, exists, extract, func,
                        inspect, literal_column, or_, select, text)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert
from sqlalchemy.orm import Session, aliased, declarative_base, joinedload, relationship, selectinload

Base = declarative_base()


class Category(Base):
    __tablename__ = "categories"
    id = Column(Integer, primary_key=True)
    parent_id = Column(ForeignKey("categories.id"))
    name = Column(String)
    products = relationship("Product", back_populates="category")


class Product(Base):
    __tablename__ = "products"
    id = Column(Integer, primary_key=True)
    category_id = Column(ForeignKey("categories.id"))
    sku = Column(String)
    name = Column(String)
    price = Column(Numeric)
    cost = Column(Numeric)
    tags = Column(ARRAY(String))
    specs = Column(JSONB)
    category = relationship(Category, back_populates="products")


def introspect(engine):
    inspector = inspect(engine)
    inspector.get_schema_names()
    inspector.get_view_names()
    for table in ("customers", "orders", "order_items"):
        inspector.get_columns(table)
        inspector.get_pk_constraint(table)
        inspector.get_foreign_keys(table)
        inspector.get_indexes(table)
        inspector.get_unique_constraints(table)
        inspector.get_check_constraints(table)
        inspector.get_table_comment(table)
    inspector.get_view_definition("order_totals")
    inspector.get_enums()
    inspector.has_table("alembic_version")
    Table("coupons", MetaData(), autoload_with=engine)


def read(session):
    session.get(Product, 4)
    session.scalars(select(Product).where(Product.price > 20, Product.name.ilike("lamp%")).order_by(Product.id.desc()).limit(3)).all()
    session.scalars(select(Product).options(joinedload(Product.category)).limit(2)).all()
    session.scalars(select(Category).options(selectinload(Category.products)).limit(2)).all()
    session.execute(select(Category.name, func.count(), func.avg(Product.price)).join(Product).group_by(Category.name).having(func.count() > 2)).all()
    session.execute(select(func.row_number().over(partition_by=Product.category_id, order_by=Product.price), Product.id).limit(3)).all()
    session.execute(select(case((Product.price > 50, "dear"), else_="cheap"), func.count()).group_by(literal_column("1"))).all()
    session.execute(select(Product.id).where(Product.tags.any("tag1"), Product.specs["color"].astext == "red")).all()
    session.execute(select(Product.id).where(Product.specs.contains({"color": "blue"}))).all()
    session.execute(select(Category.id).where(exists().where(Product.category_id == Category.id))).all()
    tree = select(Category.id, Category.name).where(Category.parent_id.is_(None)).cte("tree", recursive=True)
    child = aliased(Category)
    tree = tree.union_all(select(child.id, child.name).join(tree, child.parent_id == tree.c.id))
    session.execute(select(tree)).all()
    session.execute(select(Product.id).where(or_(Product.id.in_([1, 2, 3]), Product.sku.startswith("SKU-001")))).all()
    session.execute(text("SELECT extract(month FROM placed_at) AS m, count(*) FROM orders WHERE placed_at > :since GROUP BY 1"), {"since": "2024-02-01"}).all()


def write(session):
    product = Product(category_id=5, sku="SQLA-1", name="Alchemy", price=3, cost=1, tags=["x"], specs={"a": 1})
    session.add(product)
    session.flush()
    product.name = "Alchemy 2"
    session.flush()
    session.execute(insert(Product).values(category_id=5, sku="SQLA-1", name="x", price=1, cost=1).on_conflict_do_update(index_elements=["sku"], set_={"name": "y"}))
    with session.begin_nested():
        session.execute(select(Product).where(Product.id == product.id).with_for_update(skip_locked=True)).all()
    session.delete(product)
    session.commit()


def main():
    engine = create_engine(os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg2://"), pool_size=1)
    introspect(engine)
    with Session(engine) as session:
        session.execute(text("SELECT alembic_version.version_num FROM alembic_version")).all()
        read(session)
        write(session)
    with engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True) as connection:
        connection.execute(select(func.now(), extract("year", func.current_date()))).all()
    with engine.connect().execution_options(stream_results=True) as connection:
        connection.execute(select(Product.id).limit(20)).fetchmany(5)
    engine.dispose()


main()
