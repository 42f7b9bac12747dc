insert into people
select md5('person ' || n)::uuid, 'person ' || n, case when n % 5 > 0 then 'p' || n || '@example.org' end,
  date '1920-01-01' + n * 37, timestamptz '2024-01-01 08:00:00.123456+00' + n * interval '1 hour',
  jsonb_build_object('n', n, 'list', jsonb_build_array(1, null, 'x"y')), array['a' || n, 'b,c', null],
  decode(md5(n::text), 'hex')
from generate_series(1, 400) n;
insert into people values
  ('00000000-0000-0000-0000-000000000001', E'tab\there \\ quote '' "x" {}', 'odd@example.org', '4713-01-01 BC',
   'infinity', '[]', '{}', ''),
  ('00000000-0000-0000-0000-000000000002', 'ünïcødé 漢字 🩺', null, '-infinity', '2024-02-29 23:59:59.999999+00', null,
   '{"NULL",null}', null);
insert into wards select 'W' || n, n % 4, n % 2 = 0, time '08:15' + n * interval '7 minutes', timetz '21:00:00.5+02',
  array['+49 ' || n, '112'] from generate_series(1, 20) n;
insert into beds select 'W' || (1 + n % 20), n, (array['free', 'taken', 'being cleaned'])[1 + n % 3]::bed_state,
  date '2020-02-29' + n from generate_series(1, 300) n;
insert into doctors (name, salary, skills, home_address, retired)
select 'Dr. ' || n, n * 1000.10, array['surgery', 'radiology']::skill[], ('10.0.0.' || n % 250)::inet,
  case when n % 3 = 0 then timestamp '2024-06-01 12:00:00.5' end
from generate_series(1, 60) n;
insert into stays (person, during, planned, note)
select md5('person ' || n)::uuid, tstzrange(timestamptz '2024-03-01 00:00+00' + n * interval '1 day', null),
  n * interval '1 day 2 hours', repeat(md5(n::text), 100)
from generate_series(1, 200) n;
insert into lab.samples
select md5('sample ' || n)::uuid, timestamptz '2025-05-05 05:05:05+00' + n * interval '1 minute', n / 7.0, n / 3.0,
  (n::text || '.' || repeat('7', n % 40))::numeric, decode(repeat(md5(n::text), 4), 'hex'), n::bit(10)
from generate_series(1, 250) n;
insert into lab.samples values
  ('00000000-0000-0000-0000-00000000000a', '0044-03-15 12:00:00+00 BC', 'NaN', '-Infinity', 'NaN', null, B''),
  ('00000000-0000-0000-0000-00000000000b', '9999-12-31 23:59:59+00', 1e300, -0.0, 1e50, '\x00ff', null);
insert into lab.results (sample, test, value, factor)
select md5('sample ' || n)::uuid, (array['Na', 'K/Cl', '100%', 'é'])[1 + t], n * 1.25, t + 1
from generate_series(1, 250) n, generate_series(0, 3) t;
insert into lab.people select n, 'technician ' || n, date '2023-01-01' + n from generate_series(1, 30) n;
insert into "Ward Rounds" select 9007199254740993 + n, 'Dr. ' || n, timestamp '2024-01-01 06:30' + n * interval '1 day',
  'finding ' || n from generate_series(1, 80) n;
insert into readings
select md5('person ' || 1 + n % 50)::uuid, timestamptz '2023-12-30 00:00+00' + n * interval '16 hours', 50 + n % 70,
  jsonb_build_object('n', n), repeat(md5(n::text), 100)
from generate_series(1, 1500) n;
insert into invoices select n, md5('person ' || n)::uuid, n * 12.3456, 'EUR',
  case when n % 2 = 0 then timestamptz '2024-04-04 04:04:04+00' end, 'new', date '2024-05-05'
from generate_series(1, 150) n;
insert into invoice_lines select n, l, 'line ' || l, l * 0.0001 from generate_series(1, 150) n, generate_series(1, 3) l;
insert into tags select 'tag/' || n || '%' from generate_series(1, 10) n;
insert into person_tags select md5('person ' || n)::uuid, 'tag/' || (1 + n % 10) || '%' from generate_series(1, 200) n;
insert into letters select n, repeat('Dear ' || n || E',\n', 900), '{"b": 1,  "a":[2]}', to_tsvector('dear ' || n),
  int4range(n, n + 5) from generate_series(1, 60) n;
insert into counters select 'place ' || n, n from generate_series(1, 25) n;
insert into stickers (number) select generate_series(1, 40);
insert into audit_log select now(), 'x' from generate_series(1, 10);
