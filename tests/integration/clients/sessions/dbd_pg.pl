# Perl's DBD::Pg: placeholders, server-side prepare, COPY both ways, asynchronous queries, notifications, errors.
use strict;
use warnings;
use DBI;
use DBD::Pg qw(:async :pg_types);
$| = 1;

my $dbh = DBI->connect("dbi:Pg:sslmode=disable", undef, undef, {RaiseError => 0, PrintError => 0, AutoCommit => 1});
die $DBI::errstr unless $dbh;
sub show { print join(" ", map { !defined $_ ? "undef" : ref $_ ? "[" . join(",", map { ref $_ ? "(" . join(",", map { $_ // "undef" } @$_) . ")" : $_ // "undef" } @$_) . "]" : $_ } @_), "\n" }
sub failed { show("error", $dbh->state, $dbh->errstr // "none") }

show($dbh->selectall_arrayref("SELECT 1, NULL, 'text', 1.5::numeric, true, '{1,2}'::int[]::text"));
show($dbh->selectall_arrayref("SELECT ?::int + 1, ?::text, ?::bool", undef, 41, "it's", 1));
for my $prepare (0, 1, 2) {
  my $sth = $dbh->prepare("SELECT sku, price FROM products WHERE id < ? ORDER BY id", {pg_server_prepare => $prepare});
  for my $top (2, 4) { $sth->execute($top); show($sth->fetchall_arrayref) }
  show($sth->{NAME}, $sth->{pg_type}, $sth->rows);
}
my $bound = $dbh->prepare('SELECT $1::bytea, $2::int');
$bound->bind_param(1, "\0\xff", {pg_type => PG_BYTEA});
$bound->bind_param(2, 7);
$bound->execute;
show(map { unpack("H*", $_) } @{$bound->fetch});
$dbh->do("SELECT 1/0") or failed();
$dbh->do("SELECT * FROM no_such_table") or failed();
$dbh->do("INSERT INTO products (sku, title, price) VALUES ('SKU-00001', 'x', 1)") or failed();
show($dbh->do("UPDATE products SET stock = stock WHERE id < 6"));

$dbh->begin_work;
show($dbh->selectall_arrayref("INSERT INTO products (sku, title, price) VALUES (?, ?, ?) RETURNING sku, stock", undef, "D-1", "perl", 3));
$dbh->pg_savepoint("one");
$dbh->do("INSERT INTO products (sku, title, price) VALUES ('D-1', 'again', 1)") or failed();
$dbh->do("SELECT 1") or failed();
$dbh->pg_rollback_to("one");
show($dbh->selectrow_array("SELECT count(*) FROM products WHERE sku = 'D-1'"), $dbh->{pg_INV_READ} // "");
$dbh->rollback;

$dbh->do("CREATE TEMP TABLE numbers (n int, label text)");
$dbh->do("COPY numbers FROM STDIN");
$dbh->pg_putcopydata("$_\trow $_\n") for 1 .. 50;
show($dbh->pg_putcopyend);
$dbh->do("COPY (SELECT * FROM numbers ORDER BY n LIMIT 3) TO STDOUT");
my ($line, @lines) = ("");
push @lines, $line while $dbh->pg_getcopydata($line) >= 0;
show(map { s/\s+/ /gr } @lines);
$dbh->do("COPY numbers FROM STDIN");
$dbh->pg_putcopydata("x\ty\n");
$dbh->pg_putcopyend or failed();

my $async = $dbh->prepare("SELECT count(*) FROM orders, pg_sleep(0.2)", {pg_async => PG_ASYNC});
$async->execute;
show("waiting") unless $dbh->pg_ready;
show($dbh->pg_result, $async->fetchall_arrayref);
$async = $dbh->prepare("SELECT pg_sleep(20)", {pg_async => PG_ASYNC});
$async->execute;
select(undef, undef, undef, 0.3);
show("cancelled", $dbh->pg_cancel);
show($dbh->selectrow_array("SELECT 'alive'"));
$dbh->do("LISTEN shop");
$dbh->do("NOTIFY shop, 'hello'");
undef $_ for $async, $bound;
my $note = $dbh->pg_notifies;
show($note->[0], $note->[2]);
$dbh->begin_work;
my $walk = $dbh->do("DECLARE walk CURSOR FOR SELECT id FROM orders ORDER BY id");
my $sum = 0;
while (1) {
  my $chunk = $dbh->selectcol_arrayref("FETCH 400 FROM walk");
  last unless @$chunk;
  $sum += $_ for @$chunk;
}
show($sum);
$dbh->commit;
show([sort map { $_->[2] } @{$dbh->table_info(undef, "public", undef, "TABLE")->fetchall_arrayref}]);
show([map { $_->[3] } @{$dbh->column_info(undef, "public", "orders", undef)->fetchall_arrayref}]);
show($dbh->ping, $dbh->{pg_server_version}, $dbh->{pg_db} =~ s/_[ab]$//r);
undef $note;
$dbh->disconnect;
