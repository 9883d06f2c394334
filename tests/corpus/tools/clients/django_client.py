"""What an application with Django's ORM does, its introspection and its migration status."""
import datetime
import os
import sys
import urllib.parse

import django
from django.apps import AppConfig
from django.conf import settings


class Shop(AppConfig):
    """Models count as related only when their application is installed; this file is the application."""
    name, label, path = "__main__", "shop", os.path.dirname(os.path.abspath(__file__))


parts = urllib.parse.urlsplit(os.environ["DATABASE_URL"])
settings.configure(
    USE_TZ=True, INSTALLED_APPS=["__main__.Shop"], DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": parts.path[1:], "USER": parts.username,
                           "PASSWORD": parts.password, "HOST": parts.hostname, "PORT": parts.port}})
django.setup()

from django.db import connection, models, transaction  # noqa: E402
from django.db.migrations.executor import MigrationExecutor  # noqa: E402
from django.db.models import Avg, Case, Count, Exists, F, OuterRef, Q, Subquery, Sum, Value, When, Window  # noqa: E402
from django.db.models.functions import Coalesce, Lower, RowNumber, TruncMonth  # noqa: E402


class Category(models.Model):
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE)
    name = models.TextField()

    class Meta:
        app_label, db_table, managed = "shop", "categories", False


class Product(models.Model):
    category = models.ForeignKey(Category, on_delete=models.CASCADE)
    sku = models.TextField()
    name = models.TextField()
    description = models.TextField(default="")
    price = models.DecimalField(max_digits=12, decimal_places=2)
    cost = models.DecimalField(max_digits=12, decimal_places=2)
    specs = models.JSONField(default=dict)
    active = models.BooleanField(default=True)

    class Meta:
        app_label, db_table, managed = "shop", "products", False


class Review(models.Model):
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="reviews")
    rating = models.SmallIntegerField()
    title = models.TextField(null=True)
    helpful = models.IntegerField(default=0)
    written_at = models.DateTimeField()

    class Meta:
        app_label, db_table, managed = "shop", "reviews", False


def introspect():
    with connection.cursor() as cursor:
        intro = connection.introspection
        intro.get_table_list(cursor)
        for table in ("customers", "order_items"):
            intro.get_table_description(cursor, table)
            intro.get_constraints(cursor, table)
            intro.get_relations(cursor, table)
            intro.get_sequences(cursor, table)
            intro.get_key_columns(cursor, table)
            intro.get_primary_key_column(cursor, table)
    executor = MigrationExecutor(connection)
    executor.migration_plan(executor.loader.graph.leaf_nodes())


def read():
    list(Product.objects.all()[:3])
    Product.objects.get(pk=4)
    list(Product.objects.filter(Q(name__icontains="lamp") | Q(price__lt=10), active=True).exclude(sku="x").order_by("-price")[2:6])
    list(Product.objects.select_related("category").filter(category__name="Novels"))
    list(Product.objects.prefetch_related("reviews").filter(pk__in=[1, 2]))
    list(Category.objects.annotate(n=Count("product"), p=Avg("product__price")).filter(n__gt=2).values("name", "n", "p"))
    list(Product.objects.annotate(r=Window(RowNumber(), partition_by=[F("category")], order_by=F("price").desc())).values("id", "r")[:4])
    list(Product.objects.annotate(best=Subquery(Review.objects.filter(product=OuterRef("pk")).order_by("-rating").values("title")[:1]))[:2])
    list(Product.objects.filter(Exists(Review.objects.filter(product=OuterRef("pk"), rating=5)))[:2])
    list(Product.objects.filter(specs__color="red", specs__weight__gt=100)[:3])
    list(Review.objects.annotate(m=TruncMonth("written_at")).values("m").annotate(n=Count("*"), h=Sum("helpful")).order_by("m"))
    list(Product.objects.annotate(kind=Case(When(price__gt=50, then=Value("dear")), default=Value("cheap"))).values("kind").annotate(n=Count("id")))
    list(Product.objects.values_list(Lower("name"), Coalesce("description", Value("", output_field=models.TextField())))[:2])
    list(Review.objects.dates("written_at", "month"))
    list(Product.objects.filter(name__regex=r"^L").union(Product.objects.filter(pk=1)))
    Product.objects.filter(price__range=(1, 9)).exists()
    Product.objects.count()
    Review.objects.aggregate(Avg("rating"), Count("product", distinct=True))
    list(Product.objects.only("id", "name").distinct("category_id").order_by("category_id"))
    for _ in Product.objects.values_list("id").iterator(chunk_size=20):
        pass


def write():
    made = Product.objects.create(category_id=5, sku="DJ-1", name="Django", price=4, cost=2, specs={"a": [1]})
    made.name = "Django 2"
    made.save()
    Product.objects.filter(pk=made.pk).update(price=F("price") * 2)
    Review.objects.bulk_create([Review(product=made, rating=n, written_at=datetime.datetime(2024, 5, n, tzinfo=datetime.timezone.utc)) for n in (1, 2)])
    with transaction.atomic():
        Product.objects.select_for_update(of=("self",)).get(pk=made.pk)
        with transaction.atomic():
            Product.objects.update_or_create(sku="DJ-1", defaults={"active": False})
    Review.objects.filter(product=made).delete()
    made.delete()


if __name__ == "__main__":
    introspect()
    read()
    write()
    connection.close()
    sys.exit(0)
