CREATE TABLE articles (
    title text PRIMARY KEY
);
INSERT INTO articles (title) VALUES ('How to register'), ('How to change your tariff'), ('How to read your bill');
