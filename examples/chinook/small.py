"""A few rows of a shop like Chinook, for where the whole script is not at hand."""

SCRIPT = """
create table artist (artist_id int not null, name varchar(120), constraint artist_pkey primary key (artist_id));
create table album (
    album_id int not null, title varchar(160) not null, artist_id int not null,
    constraint album_pkey primary key (album_id)
);
create table genre (genre_id int not null, name varchar(120), constraint genre_pkey primary key (genre_id));
create table track (
    track_id int not null, name varchar(200) not null, album_id int, genre_id int,
    milliseconds int not null, unit_price numeric(10, 2) not null,
    constraint track_pkey primary key (track_id)
);
create table customer (
    customer_id int not null, first_name varchar(40) not null, last_name varchar(20) not null,
    country varchar(40), email varchar(60) not null, constraint customer_pkey primary key (customer_id)
);
create table invoice (
    invoice_id int not null, customer_id int not null, invoice_date timestamp not null,
    billing_country varchar(40), total numeric(10, 2) not null,
    constraint invoice_pkey primary key (invoice_id)
);
create table invoice_line (
    invoice_line_id int not null, invoice_id int not null, track_id int not null,
    unit_price numeric(10, 2) not null, quantity int not null,
    constraint invoice_line_pkey primary key (invoice_line_id)
);
alter table album add constraint album_artist_id_fkey
    foreign key (artist_id) references artist (artist_id);
alter table track add constraint track_album_id_fkey foreign key (album_id) references album (album_id);
alter table track add constraint track_genre_id_fkey foreign key (genre_id) references genre (genre_id);
alter table invoice add constraint invoice_customer_id_fkey
    foreign key (customer_id) references customer (customer_id);
alter table invoice_line add constraint invoice_line_invoice_id_fkey
    foreign key (invoice_id) references invoice (invoice_id);
alter table invoice_line add constraint invoice_line_track_id_fkey
    foreign key (track_id) references track (track_id);
insert into artist (artist_id, name) values (1, N'The Meters'), (2, N'Nina Simone');
insert into album (album_id, title, artist_id) values (1, N'Rejuvenation', 1), (2, N'Pastel Blues', 2);
insert into genre (genre_id, name) values (1, N'Funk'), (2, N'Jazz');
insert into track (track_id, name, album_id, genre_id, milliseconds, unit_price) values
    (1, N'People Say', 1, 1, 315000, 0.99), (2, N'Just Kissed My Baby', 1, 1, 285000, 0.99),
    (3, N'Sinnerman', 2, 2, 620000, 1.99);
insert into customer (customer_id, first_name, last_name, country, email) values
    (1, N'Ada', N'Byron', N'United Kingdom', N'ada@example.org'),
    (2, N'Luís', N'Silva', N'Brazil', N'luis@example.org');
insert into invoice (invoice_id, customer_id, invoice_date, billing_country, total) values
    (1, 1, '2024/1/2', N'United Kingdom', 2.98), (2, 2, '2024/2/3', N'Brazil', 0.99);
insert into invoice_line (invoice_line_id, invoice_id, track_id, unit_price, quantity) values
    (1, 1, 1, 0.99, 1), (2, 1, 3, 1.99, 1), (3, 2, 2, 0.99, 1);
"""
