require('./bootstrap.cjs').bootstrap();
