-- Inserts, updates, deletes and key changes in every table, while all of it is followed. Statements are separated by
-- blank lines, and each is a transaction.
insert into people values (md5('new')::uuid, 'new', 'new@example.org', null, '2025-01-01 00:00+00', '{"a": {}}');
update people set notes = notes || '{"seen": true}' where born < '1950-01-01';
update people set id = md5('moved ' || name)::uuid where name like 'person 1_';
delete from people where name like 'person 2_';

insert into wards values ('NEW', 9, true, null, null, null);
update wards set open = not open, phones = null where floor = 1;
update wards set code = 'Z' || floor where code in ('W2', 'W3');
delete from wards where code = 'W4';

update beds set state = 'being cleaned' where ward = 'W1';
update beds set number = number + 1000 where number between 10 and 20;
update beds set ward = 'W9' where ward = 'W8';
delete from beds where number between 30 and 40;

insert into doctors (name, skills) values ('Dr. New', '{anaesthesia}');
update doctors set skills = skills || 'anaesthesia'::skill, salary = null where id <= 10;
delete from doctors where id between 11 and 15;

update stays set during = tstzrange(lower(during), lower(during) + interval '2 days') where id <= 50;
update stays set id = id + 5000 where id between 60 and 70;
delete from stays where id between 80 and 90;

insert into lab.samples (id, taken) values (md5('sample new')::uuid, now());
update lab.samples set weight = 'Infinity', volume = volume / 2 where taken < '2025-05-05 06:00+00';
delete from lab.samples where id = '00000000-0000-0000-0000-00000000000a';

update lab.results set value = value + 0.0000001 where test = 'K/Cl';
update lab.results set test = 'K%2FCl' where test = 'K/Cl' and factor = 2 and value < 100;
delete from lab.results where test = 'é';

update lab.people set joined = null where id <= 5;
delete from lab.people where id > 25;

update "Ward Rounds" set "Findings, in ""words""" = null where "Round No" % 2 = 0;
update "Ward Rounds" set "Round No" = "Round No" + 1000000 where "Lead Doctor" = 'Dr. 7';
delete from "Ward Rounds" where "Lead Doctor" = 'Dr. 8';

-- A long value that stays as it was, a row that moves to another partition, and a partition that is made meanwhile.
update readings set pulse = pulse + 1 where at < '2024-06-01';
update readings set at = at + interval '1 year' where at between '2024-06-01' and '2024-06-20';
update readings set at = at + interval '6 months' where at between '2025-03-01' and '2025-03-20';
delete from readings where at between '2024-08-01' and '2024-08-20';

create table readings_2027 partition of readings for values from ('2027-01-01') to ('2028-01-01');
alter table readings_2027 replica identity full;
insert into readings select md5('person ' || n)::uuid, '2027-02-02 00:00+00', 60, '{}', repeat(md5(n::text), 100)
from generate_series(1, 20) n;
update readings set pulse = 61 where at >= '2027-01-01';

update invoices set sent = '2025-02-02 02:02:02+00', "_state" = 'sent' where id <= 20;
update invoices set id = -id where id between 30 and 40;
delete from invoices where id between 50 and 60;

insert into invoice_lines values (1, 100, 'postage', 1.5);
update invoice_lines set line = line + 10, price = null where invoice between 30 and 40;
delete from invoice_lines where invoice between 50 and 60;

insert into tags values ('new');
update tags set name = 'renamed' where name = 'tag/1%';
delete from tags where name = 'tag/2%';

insert into person_tags select id, 'new' from people where name like 'person 3_';
update person_tags set tag = 'renamed' where tag = 'tag/1%';
delete from person_tags where tag = 'tag/2%';

update letters set pages = int4range(1, 2), meta = '[]' where id <= 20;
update letters set id = id + 100 where id between 21 and 25;
delete from letters where id between 26 and 30;

update counters set count = count + 9007199254740993 where place = 'place 1';
update counters set place = place || '!' where place = 'place 2';
delete from counters where place = 'place 3';

update stickers set number = number + 100 where number <= 5;
delete from stickers where number = 6;
insert into audit_log values (now(), 'nobody follows this');
